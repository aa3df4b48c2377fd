/** A page for everything the lab draws, and data that are hard to draw. */
import type { Page } from '../../src/plot/page/page.js';
import {
  effectMapCaption,
  effectMapFigure,
} from '../../src/experiment/causal/figures/effectMap.js';
import { roundsPage, summaryPage } from '../../src/experiment/pages.js';
import { reportPage } from '../../src/reproduce/report/page.js';
import type { CaseLabel, ScanCase, ScanSummary } from '../../src/experiment/summaries.js';
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

function largeCase(label: CaseLabel): ScanCase {
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
  scan: summaryPage('scan', scanExample),
  large: summaryPage('scan', largeScan),
  sweep: summaryPage('sweep', sweepExample),
  causal: summaryPage('causal', causalExample),
  lens: summaryPage('lens', lensExample),
  evaluate: summaryPage('evaluate', evaluateExample),
  corrector: summaryPage('corrector', correctorExample),
  health: summaryPage('health', healthExample),
  report: reportPage(
    reportExample,
    new Map([
      ['sweep-corrector-arithmetic-m', summaryPage('sweep', sweepExample)],
      ['scan-corrector-arithmetic-m', summaryPage('scan', scanExample)],
      ['scan-aligner-arithmetic-m', summaryPage('scan', scanExample)],
      ['causal-corrector-arithmetic-m', summaryPage('causal', causalExample)],
      ['lens-corrector-arithmetic-m', summaryPage('lens', lensExample)],
    ]),
  ),
  correctionRounds: summaryPage('rounds', roundsExample),
  compare: summaryPage('compare', compareExample),
  effects: {
    title: 'Effects',
    sections: [
      {
        name: 'effects',
        heading: 'Effect by layer and coefficient',
        caption: effectMapCaption(effectsExample),
        figure: effectMapFigure(effectsExample),
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
