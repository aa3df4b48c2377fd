/** A page for everything the lab draws, and data that are hard to draw. */
import type { Page } from '../../src/plot/page/page.js';
import {
  effectMapCaption,
  effectMapFigure,
} from '../../src/experiment/causal/figures/effectMap.js';
import { causalPage } from '../../src/experiment/causal/page.js';
import { healthPage } from '../../src/experiment/health/page.js';
import { lensPage } from '../../src/experiment/lens/page.js';
import { comparePage } from '../../src/experiment/answers/compare/page.js';
import { correctorPage, evaluatePage } from '../../src/experiment/answers/evaluate/page.js';
import { correctionRoundsPage } from '../../src/experiment/rounds/page.js';
import { scanPage } from '../../src/experiment/scan/page.js';
import { sweepPage } from '../../src/experiment/sweep/page.js';
import { roundsPage } from '../../src/plot/page/rounds.js';
import { reportPage } from '../../src/reproduce/report/page.js';
import type { ScanCase, ScanSummary } from '../../src/experiment/scan/shape.js';
import type { Label } from '../../src/read/stimuli.js';
import {
  causalExample,
  compareExample,
  correctorExample,
  effectsExample,
  evaluateExample,
  healthExample,
  lensExample,
  roundsExample,
  scanExample,
  sweepExample,
} from '../experiment/examples.js';
import { reportExample } from '../reproduce/example.js';

const hostile = '</script><img src=x onerror="document.title=1">&';
const words = [
  ...['supercalifragilisticexpialidocious', '<|begin_of_text|>', ' therefore', '\n', ' ', '漢字'],
  ...[hostile, ' 1,234,567.89', ' Antidisestablishmentarianism', '='],
];

function largeCase(label: Label): ScanCase {
  const sign = label === 'correct' ? 1 : -1;
  const tokens = [...words, ...words];
  const readings = Array.from({ length: 40 }, (_, layer) =>
    tokens.map((_, t) => 4 * sign * Math.sin((layer + t) / 9)),
  );
  return { id: `${label} ${hostile}`, label, tokens, readings };
}

/** 40 layers × 20 tokens with long and hostile texts. */
const largeScan: ScanSummary = {
  ...scanExample,
  model: hostile,
  layers: 40,
  cases: [largeCase('correct'), largeCase('copy')],
};

export const pages: Record<string, Page> = {
  scan: scanPage(scanExample),
  large: scanPage(largeScan),
  sweep: sweepPage(sweepExample),
  causal: causalPage(causalExample),
  lens: lensPage(lensExample),
  evaluate: evaluatePage(evaluateExample),
  corrector: correctorPage(correctorExample),
  health: healthPage(healthExample),
  report: reportPage(
    reportExample,
    new Map([
      ['sweep-corrector-arithmetic-m', sweepPage(sweepExample)],
      ['scan-corrector-arithmetic-m', scanPage(scanExample)],
      ['scan-aligner-arithmetic-m', scanPage(scanExample)],
      ['causal-corrector-arithmetic-m', causalPage(causalExample)],
      ['lens-corrector-arithmetic-m', lensPage(lensExample)],
    ]),
  ),
  correctionRounds: correctionRoundsPage(roundsExample),
  compare: comparePage(compareExample),
  effects: {
    title: 'Effects',
    sections: [
      {
        name: 'effects',
        heading: 'Effect by layer and coefficient',
        caption: effectMapCaption(effectsExample),
        draw: (room) => effectMapFigure({ ...effectsExample, room }),
      },
    ],
  },
  rounds: roundsPage({
    question: hostile,
    rounds: [
      { index: 0, phase: 'corrected', last: 'a b', correction: 'a c', copied: false, edit: null },
    ],
  }),
};
