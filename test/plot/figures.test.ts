import { describe, expect, it } from 'vitest';
import type { Figure } from '../../src/plot/figure.js';
import {
  correctorFigure,
  evaluationFigure,
} from '../../src/experiment/answers/figures/evaluation.js';
import {
  layerControlsCaption,
  layerControlsFigure,
} from '../../src/experiment/causal/figures/layerControls.js';
import {
  lensCaption,
  lensFigure,
  settlingCaption,
  settlingFigure,
} from '../../src/experiment/lens/figures/lens.js';
import {
  latScanCaption,
  latScanFigure,
  tokenLabel,
} from '../../src/experiment/scan/figures/latScan.js';
import { activityFigure } from '../../src/experiment/scan/figures/activity.js';
import { layerAccuracyFigure } from '../../src/experiment/scan/figures/layerAccuracy.js';
import {
  methodComparisonCaption,
  methodComparisonFigure,
} from '../../src/experiment/scan/figures/methodComparison.js';
import {
  effectMapCaption,
  effectMapFigure,
} from '../../src/experiment/causal/figures/effectMap.js';
import { ablationCaption, ablationFigure } from '../../src/experiment/causal/figures/ablation.js';
import { causalPartsCaption, causalPartsHtml } from '../../src/experiment/causal/figures/parts.js';
import {
  boundaryPatchCaption,
  boundaryPatchFigure,
  patchMapCaption,
  patchMapFigure,
} from '../../src/experiment/causal/figures/patching.js';
import { causalPage } from '../../src/experiment/causal/page.js';
import {
  selectivityCaption,
  selectivityFigure,
} from '../../src/experiment/sweep/figures/selectivity.js';
import {
  steeringCurveCaption,
  steeringCurveFigure,
} from '../../src/experiment/sweep/figures/steeringCurve.js';
import type { ScanCase } from '../../src/experiment/scan/shape.js';
import {
  causalExample,
  correctorExample,
  effectsExample,
  evaluateExample,
  lensExample,
  scanExample,
  sweepExample,
} from '../experiment/examples.js';

/** Numbers to three decimals, so that a snapshot shows what is drawn and not how it was rounded. */
function rounded(figure: Figure): unknown {
  return JSON.parse(
    JSON.stringify(figure, (_, value: unknown) =>
      typeof value === 'number' ? Number(value.toFixed(3)) : value,
    ),
  );
}

interface HeatMap {
  x: number[];
  y: number[];
  z: number[][];
  coloraxis: string;
}

describe('latScanFigure', () => {
  const { cases, standardize } = scanExample;

  it('matches its snapshot', () => {
    expect(rounded(latScanFigure({ cases, standardize }))).toMatchSnapshot();
  });

  it('has a column of its own for every token, equal ones too, and layer 0 at the bottom', () => {
    const twice: ScanCase = {
      ...(cases[0] as ScanCase),
      tokens: ['a', 'a', '<b>'],
      readings: [[1, 2, 3]],
    };
    const { data, layout } = latScanFigure({ cases: [twice], standardize: 'raw' });
    const map = data[0] as unknown as HeatMap;
    expect(map.x).toEqual([0, 1, 2]);
    const axis = layout['xaxis'] as { tickvals: number[]; ticktext: string[] };
    expect(axis.tickvals).toEqual([0, 1, 2]);
    expect(axis.ticktext).toEqual(['a', 'a', '&lt;b&gt;']);
    expect((layout['yaxis'] as { range: number[] }).range).toEqual([-0.5, 0.5]);
  });

  it('shows the layers that are asked for, side by side, by their names', () => {
    const { data, layout } = latScanFigure({ cases, standardize, shownLayers: [1, 4] });
    const map = data[0] as unknown as HeatMap & { text: string[][] };
    expect(map.z).toEqual([cases[0]?.readings[1], cases[0]?.readings[4]]);
    expect(map.y).toEqual([0, 1]);
    expect(map.text.map(([first]) => first?.slice(0, 8))).toEqual(['layer 1,', 'layer 4,']);
    expect(layout['yaxis']).toMatchObject({ tickvals: [0, 1], ticktext: ['1', '4'] });
  });

  it('shares one symmetric scale: ±3 for z-scores, else the largest reading', () => {
    const scale = (figure: Figure): unknown => {
      const { cmin, cmid, cmax } = figure.layout['coloraxis'] as Record<string, number>;
      return [cmin, cmid, cmax];
    };
    expect(scale(latScanFigure({ cases, standardize: 'zscore' }))).toEqual([-3, 0, 3]);
    const shifted = [{ ...(cases[0] as ScanCase), readings: [[-0.25, 0.1]] }];
    expect(scale(latScanFigure({ cases: shifted, standardize: 'cosine' }))).toEqual([
      -0.25, 0, 0.25,
    ]);
    const maps = latScanFigure({ cases, standardize }).data as unknown as HeatMap[];
    expect(maps.map((map) => map.coloraxis)).toEqual(['coloraxis', 'coloraxis', 'coloraxis2']);
  });

  it('subtracts copy from correct, token by token, in whichever order they come', () => {
    const small = (label: ScanCase['label'], row: number[]): ScanCase => ({
      ...{ id: label, label, tokens: row.map(String), readings: [row] },
    });
    const pair = [small('copy', [1, 2, 3]), small('correct', [4, 8])];
    const { data, layout } = latScanFigure({ cases: pair, standardize: 'raw' });
    expect((data[2] as unknown as HeatMap).z).toEqual([[3, 6]]);
    expect(layout['coloraxis2']).toMatchObject({ cmin: -6, cmax: 6 });
    const titles = layout['annotations'] as { text: string }[];
    expect(titles[2]?.text).toContain('corrects − copies');
    expect(latScanCaption({ cases: pair, standardize: 'raw' })).toContain(
      'over the 2 output tokens',
    );
  });

  it('has no difference of one case, nor of three', () => {
    for (const some of [cases.slice(0, 1), [...cases, ...cases.slice(0, 1)]]) {
      const { data, layout } = latScanFigure({ cases: some, standardize });
      expect(data).toHaveLength(some.length);
      expect(layout).not.toHaveProperty('coloraxis2');
    }
  });

  it('is stacked in one column of a paper: every panel its own rows, none over another', () => {
    const { layout } = latScanFigure({ cases, standardize, room: { width: 386 } });
    const down = ['yaxis', 'yaxis2', 'yaxis3'].map(
      (axis) => (layout[axis] as { domain: [number, number] }).domain,
    );
    for (const [i, [bottom, top]] of down.entries()) {
      expect(top - bottom).toBeGreaterThan(0.1);
      expect(top).toBeLessThan(down[i - 1]?.[0] ?? 1.001);
    }
    expect((layout['xaxis2'] as { domain: number[] }).domain).toEqual([0, 1]);
  });

  it('labels fewer tokens where all would not fit, and fewer of many layers', () => {
    const long: ScanCase = {
      ...{ id: 'long', label: 'copy', tokens: Array.from({ length: 200 }, () => 'token') },
      readings: Array.from({ length: 40 }, () => Array.from({ length: 200 }, () => 0)),
    };
    const { layout } = latScanFigure({ cases: [long], standardize: 'raw' });
    // Every eighth of 200 tokens, and every second layer.
    expect((layout['xaxis'] as { tickvals: number[] }).tickvals).toHaveLength(25);
    expect((layout['yaxis'] as { tickvals: number[] }).tickvals).toHaveLength(20);
  });

  it('says how many readings lie beyond the scale', () => {
    const beyond = [{ ...(cases[0] as ScanCase), readings: [[3.5, -4, 1]] }];
    expect(latScanCaption({ cases: beyond, standardize: 'zscore' })).toContain('2 of 3 readings');
    expect(latScanCaption({ cases: beyond, standardize: 'raw' })).not.toContain('beyond');
  });

  it('shows white space and shortens long tokens', () => {
    const long = `${'x'.repeat(13)}…`;
    const labels = ['\n', ' ', ' has', 'x'.repeat(20)].map(tokenLabel);
    expect(labels).toEqual(['⏎', '␣', '␣has', long]);
  });
});

describe('curves over the layers', () => {
  it('match their snapshots', () => {
    const { activity = [], standardize, perLayer, baselines } = scanExample;
    expect(rounded(activityFigure({ activity, standardize }))).toMatchSnapshot();
    expect(
      rounded(layerAccuracyFigure({ perLayer, ...(baselines && { baselines }) })),
    ).toMatchSnapshot();
  });

  it('show the layers that are asked for, at their numbers', () => {
    const { activity = [], standardize, perLayer } = scanExample;
    const shownLayers = [1, 4];
    const [, curve] = activityFigure({ activity, standardize, shownLayers }).data;
    expect(curve).toMatchObject({ x: [1, 4], y: [1, 4].map((layer) => activity[0]?.mean[layer]) });
    const figure = layerAccuracyFigure({ perLayer, shownLayers });
    expect(figure.data[0]).toMatchObject({
      x: [1, 4],
      y: [1, 4].map((layer) => perLayer[layer]?.heldOutAccuracy),
    });
    expect(figure.layout['xaxis']).toMatchObject({ range: [0.6, 4.4], ticktext: ['1', '4'] });
    const methods = scanExample.health?.methods ?? [];
    expect(methodComparisonCaption({ methods, shownLayers })).toMatch(
      /chosen after the fact: (?:\S+ \S+ at layer [14](?:, |\.))+$/,
    );
  });

  it('leaves undefined accuracies out instead of drawing zero', () => {
    const perLayer = [
      { layer: 0, heldOutAccuracy: null, ci: null, auc: null },
      { layer: 1, heldOutAccuracy: 0.8, ci: null, auc: 0.9 },
    ];
    const [curve] = layerAccuracyFigure({ perLayer }).data;
    expect(curve).toMatchObject({ x: [1], y: [0.8], error_y: { array: [0], arrayminus: [0] } });
  });
});

describe('selectivityFigure', () => {
  const judged = sweepExample.points.slice(0, 3).map((point, i) => {
    const goodCopied = { mean: 1 - i / 4, ci: [0.9 - i / 4, 1 - i / 4] as [number, number], n: 40 };
    return { ...point, goodCopied, badChanged: { mean: i / 2, ci: null, n: 38 } };
  });
  const points = [...judged, ...sweepExample.points.slice(3)];

  it('matches its snapshot', () => {
    expect(rounded(selectivityFigure({ points }))).toMatchSnapshot();
  });

  it('leaves out labels that would lie on one another', () => {
    const one = points.slice(0, 3).map((point) => ({ ...point, ...judged[1] }));
    expect(selectivityFigure({ points: one }).data[0]?.['text']).toEqual(['−0.875', '', '']);
  });

  it('sets what is lost of good sentences against what is caught of bad ones', () => {
    const [tested] = selectivityFigure({ points }).data;
    expect(tested).toMatchObject({ x: [0, 0.25, 0.5], y: [0, 0.5, 1] });
    expect(tested?.['text']).toEqual(['−1', '−0.875', '−0.75']);
    const { array, arrayminus } = tested?.['error_x'] as Record<string, number[]>;
    // Copied 0.9 … 1 is rewritten 0 … 0.1.
    expect(array?.[0]).toBeCloseTo(0.1, 12);
    expect(arrayminus?.[0]).toBeCloseTo(0, 12);
    const first = String(judged[0]?.coefficient);
    expect(selectivityCaption({ points })).toContain(`${first}: 1 [0.9, 1] and 0;`);
  });
});

describe('steeringCurveFigure', () => {
  it('matches its snapshot', () => {
    expect(rounded(steeringCurveFigure(sweepExample))).toMatchSnapshot();
  });

  it('draws the fit and every control over the fit range only', () => {
    const { data } = steeringCurveFigure(sweepExample);
    const [random, , , fit] = data as { x: (number | null)[]; y: (number | null)[] }[];
    expect(random?.x.filter((x) => x === null)).toHaveLength(30);
    expect(new Set(random?.x)).toEqual(new Set([-0.625, 0.625, null]));
    expect(fit?.x).toEqual([-0.625, 0.625]);
    expect(fit?.y[1]).toBeCloseTo(0.45 + 0.31 * 0.625, 12);
  });

  it('has no accuracy in fixed mode, and no line where there is no baseline', () => {
    const points = sweepExample.points.map((p) => ({ ...p, accuracy: null }));
    const figure = steeringCurveFigure({ ...sweepExample, points, baseline: null });
    expect(figure.data.map((trace) => trace['name'])).not.toContain('answers right');
    expect(figure.data.map((trace) => trace['name'])).not.toContain('unsteered, 0.45');
    const levels = steeringCurveFigure(sweepExample).data.filter(({ name }) => name === 'unsteered, 0.45'); // prettier-ignore
    expect(levels).toHaveLength(1);
  });

  it('gives n, slope, interval, R² and the steepest control in the caption', () => {
    const caption = steeringCurveCaption({ ...sweepExample, warnings: ['The slope is negative.'] });
    const steepest = Math.max(...sweepExample.controls.random.map((c) => Math.abs(c.slope)));
    expect(caption).toContain('n = 200 problems');
    expect(caption).toContain('slope 0.31 [0.28, 0.34], R² 0.981');
    expect(caption).toContain(`${(0.31 / steepest).toFixed(1)} times less`);
    expect(caption).toContain('The slope is negative.');
  });
});

describe('methodComparisonFigure', () => {
  const { methods = [] } = scanExample.health ?? {};

  it('matches its snapshot', () => {
    expect(rounded(methodComparisonFigure({ methods }))).toMatchSnapshot();
  });

  it('tells methods apart without colour', () => {
    const curves = methodComparisonFigure({ methods }).data.slice(methods.length, -1);
    const marks = curves.map((curve) => (curve['marker'] as { symbol: string }).symbol);
    expect(new Set(marks).size).toBe(methods.length);
  });

  it('names the best layer of each and leaves undefined accuracies out', () => {
    const perLayer = [
      { layer: 0, heldOutAccuracy: null, ci: null },
      { layer: 4, heldOutAccuracy: 0.75, ci: null },
    ];
    const some = [{ method: '<probe>', n: 9, perLayer }];
    expect(methodComparisonCaption({ methods: some })).toMatch(/n = 9 .*<probe> 0.75 at layer 4/);
    const { data } = methodComparisonFigure({ methods: some });
    expect(data).toHaveLength(2);
    expect(data[0]).toMatchObject({ x: [4], y: [0.75], name: '&lt;probe&gt;' });
  });
});

describe('effectMapFigure', () => {
  it('matches its snapshot', () => {
    expect(rounded(effectMapFigure(effectsExample))).toMatchSnapshot();
  });

  it('is white at no effect, and names the layers that were steered', () => {
    const { layout } = effectMapFigure(effectsExample);
    const { cmin, cmid, cmax } = layout['coloraxis'] as Record<string, number>;
    expect([cmin, cmid]).toEqual([-(cmax ?? 0), 0]);
    expect((layout['yaxis'] as { ticktext: string[] }).ticktext).toEqual(['2', '3', '5']);
  });

  it('counts the cells whose interval leaves 0 out', () => {
    const caption = effectMapCaption(effectsExample);
    expect(caption).toContain('n = 40 problems per cell');
    const apart = (effectsExample.ci ?? []).flat().filter((ci) => ci && (ci[0] > 0 || ci[1] < 0));
    expect(apart.length).toBeGreaterThan(0);
    expect(caption).toContain(`In ${apart.length} of 15 cells`);
    const without = { ...effectsExample };
    delete without.ci;
    expect(effectMapCaption(without)).toContain('No intervals were computed.');
  });
});

describe('causalPage', () => {
  const [map = causalExample.patching[0]] = causalExample.patching;
  const { layers, data, controls } = causalExample;
  if (!map || !controls) throw new Error('the example lacks a part');

  it('its figures match their snapshots', () => {
    expect(rounded(ablationFigure(causalExample))).toMatchSnapshot();
    expect(rounded(patchMapFigure({ map, layers }))).toMatchSnapshot();
    expect(rounded(boundaryPatchFigure(causalExample))).toMatchSnapshot();
    expect(rounded(layerControlsFigure(controls))).toMatchSnapshot();
  });

  it('has the effect map, the ablation, one patch map and the boundary, under one name each', () => {
    const names = causalPage(causalExample).sections.flatMap((s) => ('name' in s ? [s.name] : []));
    expect(names).toEqual([
      ...['steering', 'layer-controls', 'ablation', 'patching', 'boundary-patching'],
    ]);
    const older = { ...causalExample, patching: [], parts: [] };
    delete older.controls;
    const unpatched = causalPage(older);
    expect(unpatched.sections).toHaveLength(3);
  });

  it('captions say unit, n and intervals', () => {
    expect(ablationCaption(causalExample)).toMatch(
      /unsteered model's \(0\.45\), n = 40 problems, 95 %.*of 24 sentences.*and 16/,
    );
    const caption = patchMapCaption({ map, pairing: data.pairing });
    expect(caption).toContain('n = 24 pairs, 75 % of them of equal length: by length.');
    const apart = map.ci.flat().filter((ci) => ci && (ci[0] > 0 || ci[1] < 0));
    expect(caption).toContain(`In ${apart.length} of 9 cells`);
    expect(layerControlsCaption(controls)).toMatch(
      /\(0 and -1, 1\).*n = 16 problems.*4 of unit length.*exceeds all of them at layer 3, 5\.$/,
    );
    expect(boundaryPatchCaption(causalExample)).toContain(
      'correction into copy 24, copy into correction 24; bars: 95 %',
    );
  });

  it('the table names each part, and what test pairs say of it', () => {
    const html = causalPartsHtml(causalExample).text;
    expect(html.match(/<tr>/g)).toHaveLength(4);
    expect(html).toMatch(/>5<\/td><td[^>]*>decides<\/td><td[^>]*>prepares: not confirmed</);
    expect(html).toContain('steering (n = 40)');
    // Summaries of before do not know it.
    expect(html).toContain('>held-out accuracy<');
    const known = causalPartsHtml({ ...causalExample, heldOutN: 96 }).text;
    expect(known).toContain('>held-out accuracy (n = 96)<');
    expect(causalPartsHtml({ ...causalExample, parts: [] }).text).not.toContain('confirmed');
    expect(causalPartsCaption(causalExample)).toMatch(
      /layer 5, ahead of the others by 0\.12 \[0\.02, 0\.2\].*Best held-out accuracy: layer 5\./,
    );
  });
});

describe('lens', () => {
  it('its figures match their snapshots', () => {
    expect(rounded(lensFigure(lensExample))).toMatchSnapshot();
    expect(rounded(settlingFigure(lensExample))).toMatchSnapshot();
  });

  it('captions say n and intervals, and what is missing', () => {
    expect(lensCaption(lensExample)).toContain('n = 36 corrections and 64 copies');
    const { settling } = lensExample;
    expect(settlingCaption(lensExample)).toMatch(
      /corrections \(n = 36\) median 4 \[4, 5\], mean 4\.2 .*copies \(n = 64\) median 2/,
    );
    const none = { n: 0, median: null, medianCi: null, mean: null, meanCi: null, counts: [0] };
    const bare = { ...lensExample, settling: { ...settling, copy: none } };
    expect(settlingCaption(bare)).toContain('no copies');
    const [, bars] = settlingFigure(bare).data;
    expect(bars).toMatchObject({ y: [0] });
  });
});

describe('rates', () => {
  it('match their snapshots', () => {
    expect(rounded(evaluationFigure(evaluateExample))).toMatchSnapshot();
    expect(rounded(correctorFigure(correctorExample))).toMatchSnapshot();
  });
});
