/** The page of each summary by its kind, and of one answer. */
import { roundsPage } from '../plot/page/rounds.js';
import { comparePage } from './answers/compare/page.js';
import { correctorPage, evaluatePage } from './answers/evaluate/page.js';
import { causalPage } from './causal/page.js';
import { healthPage } from './health/page.js';
import { lensPage } from './lens/page.js';
import { correctionRoundsPage } from './rounds/page.js';
import { scanPage } from './scan/page.js';
import { sweepPage } from './sweep/page.js';

/** From a summary to a page; {@link renderPage} makes one HTML file of it. */
export const pages = {
  scan: scanPage,
  health: healthPage,
  sweep: sweepPage,
  causal: causalPage,
  lens: lensPage,
  evaluate: evaluatePage,
  corrector: correctorPage,
  rounds: correctionRoundsPage,
  compare: comparePage,
  /** The rounds of one answer, as a word diff. */
  answer: roundsPage,
} as const;
