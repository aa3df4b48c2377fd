import { figuresOf } from '../../src/plot/page/page.js';
import { describe, expect, it } from 'vitest';
import {
  accuracyTimeCaption,
  accuracyTimeFigure,
} from '../../src/experiment/answers/figures/accuracyTime.js';
import type { Figure } from '../../src/plot/figure.js';
import {
  generationModesCaption,
  generationModesFigure,
} from '../../src/experiment/rounds/figures/generationModes.js';
import { latencyCaption, latencyFigure } from '../../src/experiment/answers/figures/latency.js';
import { comparePage } from '../../src/experiment/answers/compare/page.js';
import { correctionRoundsPage } from '../../src/experiment/rounds/page.js';
import {
  roundAccuracyCaption,
  roundAccuracyFigure,
} from '../../src/experiment/rounds/figures/roundAccuracy.js';
import {
  roundScoresCaption,
  roundScoresFigure,
} from '../../src/experiment/rounds/figures/roundScores.js';
import {
  systemComparisonCaption,
  systemComparisonFigure,
} from '../../src/experiment/answers/figures/systemComparison.js';
import type { RoundsSummary } from '../../src/experiment/rounds/shape.js';
import { compareExample, roundsExample } from '../experiment/examples.js';

/** Numbers to three decimals, so that a snapshot shows what is drawn and not how it was rounded. */
function rounded(figure: Figure): unknown {
  return JSON.parse(
    JSON.stringify(figure, (_, value: unknown) =>
      typeof value === 'number' ? Number(value.toFixed(3)) : value,
    ),
  );
}

interface Curve {
  name: string;
  x: number[];
  y: number[];
  xaxis?: string;
  showlegend?: boolean;
  text: string[];
}

const curves = ({ data }: Figure): Curve[] => data as unknown as Curve[];
const namesOf = (figure: Figure): string[] => curves(figure).map(({ name }) => name);

/** Nothing was recorded of the first corrector, and the others have no scores. */
const bare: RoundsSummary = {
  ...roundsExample,
  correctors: roundsExample.correctors.map((corrector, i) => {
    const none = { mean: null, ci: null };
    const unscored = { score: none, scoreShares: null };
    const empty =
      i > 0 ? {} : { n: 0, accuracy: null, ci: null, gain: none, characters: none, rounds: none };
    const { upstream, corrector: alone } = corrector.continued;
    return {
      ...corrector,
      classic: { ...corrector.classic, ...unscored, ...empty },
      continued: {
        upstream: upstream.map((point) => ({ ...point, ...unscored, ...empty })),
        corrector: alone.map((point) => ({ ...point, ...unscored, ...empty })),
      },
    };
  }),
};

describe('correctionRoundsPage', () => {
  it('its figures match their snapshots', () => {
    expect(rounded(roundAccuracyFigure(roundsExample))).toMatchSnapshot();
    expect(rounded(roundScoresFigure(roundsExample))).toMatchSnapshot();
    expect(rounded(generationModesFigure(roundsExample))).toMatchSnapshot();
  });

  it('draws a curve per corrector, from no round to the end of the loop', () => {
    const figure = roundAccuracyFigure(roundsExample);
    const correctors = roundsExample.correctors.map(({ name }) => name);
    expect(namesOf(figure)).toEqual(['upstream alone, 0.48', ...correctors]);
    const [, first] = curves(figure);
    expect(first?.y).toHaveLength(8);
    expect(first?.y.at(-1)).toBe(roundsExample.correctors[0]?.classic.accuracy);
    expect((figure.layout['xaxis'] as { ticktext: string[] }).ticktext.at(-1)).toBe('end');
  });

  it('stacks shares that sum to 1, and names each bin once', () => {
    const bars = roundScoresFigure(roundsExample).data.filter(({ type }) => type === 'bar');
    const ofFirst = (bars as unknown as Curve[]).filter(({ xaxis }) => xaxis === 'x');
    expect(ofFirst).toHaveLength(6);
    const sum = ofFirst.reduce((total, { y }) => total + (y[2] ?? 0), 0);
    expect(sum).toBeCloseTo(1, 3);
    const named = (bars as unknown as Curve[]).filter(({ showlegend }) => showlegend);
    expect(named).toHaveLength(6);
  });

  it('has a panel per corrector, below each other where it is narrow', () => {
    const panels = (figure: Figure, axis: 'xaxis' | 'yaxis'): number =>
      new Set(
        Object.entries(figure.layout)
          .filter(([key]) => key.startsWith(axis))
          .map(([, value]) => JSON.stringify((value as { domain: unknown }).domain)),
      ).size;
    const narrow = { ...roundsExample, room: { width: 386 } };
    expect(panels(generationModesFigure(roundsExample), 'xaxis')).toBe(2);
    expect(panels(generationModesFigure(narrow), 'xaxis')).toBe(1);
    expect(panels(generationModesFigure(narrow), 'yaxis')).toBe(3);
    expect(panels(roundScoresFigure(narrow), 'yaxis')).toBe(6);
  });

  it('captions say n, intervals, gains, the rule and the ends', () => {
    expect(roundAccuracyCaption(roundsExample)).toMatch(
      /n = 120 problems.*Wilson.*corrector-arithmetic-m 0\.78, gain 0\.3 \[0\.24, 0\.36\], nothing changes after 6/,
    );
    expect(roundScoresCaption(roundsExample)).toMatch(
      /n = 120 problems\. Rule: a sentence is right.*corrector-arithmetic-l 0\.584 to .* characters/,
    );
    expect(generationModesCaption(roundsExample)).toMatch(
      /corrector-arithmetic-s 0\.6 .*4\.6 rounds/,
    );
  });

  it('leaves out what is not there', () => {
    expect(curves(roundAccuracyFigure(bare))[0]?.x).toEqual([]);
    expect(namesOf(roundAccuracyFigure(bare))).toHaveLength(bare.correctors.length);
    const scored = curves(roundScoresFigure(bare)).filter(({ y }) => y.length > 0);
    // Only the lengths of the two correctors with records.
    expect(scored).toHaveLength(2);
    const modes = namesOf(generationModesFigure(bare)).filter((name) => name === 'classic');
    expect(modes).toHaveLength(2);
    expect(roundScoresCaption(bare)).toContain('no scores');
    const none = correctionRoundsPage({ ...roundsExample, correctors: [] });
    expect(none.sections).toHaveLength(3);
    for (const { draw } of figuresOf(none)) expect(draw({ width: 600 }).data).toEqual([]);
  });
});

describe('comparePage', () => {
  it('its figures match their snapshots', () => {
    expect(rounded(accuracyTimeFigure(compareExample))).toMatchSnapshot();
    expect(rounded(systemComparisonFigure(compareExample))).toMatchSnapshot();
    expect(rounded(latencyFigure(compareExample))).toMatchSnapshot();
  });

  it('draws every kind once, with its sizes in order', () => {
    const kinds = ['best of n', 'upstream alone', 'Stream Aligner', 'Aligner', 'proxy-tuning', 'SFT', 'DPO']; // prettier-ignore
    const figure = accuracyTimeFigure(compareExample);
    expect(namesOf(figure)).toEqual(kinds);
    expect(curves(figure)[2]?.text).toEqual(['s', 'm', 'l']);
    expect(curves(figure)[0]?.text).toEqual(['1', '2', '4', '8', '16']);
  });

  it('stands systems of one size together, and draws lines for those without', () => {
    const figure = systemComparisonFigure(compareExample);
    expect(namesOf(figure).slice(0, 3)).toEqual(['upstream alone 0.48', 'SFT 0.47', 'DPO 0.51']);
    for (const { x } of curves(figure).slice(3))
      expect(x.map((at) => Math.abs(Math.round(at)))).toEqual([0, 1, 2]);
  });

  it('captions say n, timed problems, intervals, differences and ratios', () => {
    expect(accuracyTimeCaption(compareExample)).toMatch(
      /n = 120 problems.*20 problems timed.*of 16 samples any is right for 0\.84 \[0\.76, 0\.92\]/,
    );
    expect(systemComparisonCaption(compareExample)).toMatch(
      /s 3\.81 MB.*m − aligner-arithmetic-m 0\.15 \[0\.06, 0\.24\]\.$/,
    );
    expect(latencyCaption(compareExample)).toMatch(
      /n = 20 problems.*per token 1\.14 \[1\.02, 1\.27\].*4\.4 \[3\.8, 5\.1\] times as long/,
    );
  });

  it('leaves out systems that were not timed', () => {
    const timing = { n: 0, perProblem: none(), perToken: none(), firstText: none() };
    const systems = compareExample.systems.map((system) => ({ ...system, timing }));
    const untimed = { ...compareExample, systems, bestOf: [], latency: [] };
    expect(accuracyTimeFigure(untimed).data).toEqual([]);
    expect(curves(latencyFigure(untimed)).map(({ x }) => x)).toEqual([[], []]);
    expect(comparePage(untimed).sections).toHaveLength(3);
  });
});

function none(): { value: null; ci: null } {
  return { value: null, ci: null };
}
