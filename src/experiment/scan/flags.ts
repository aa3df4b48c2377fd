/** The options of a LAT scan. */
import { z } from 'zod';
import { choice, integer, layerList, list } from '../../shape/options.js';
import { corrector, labelLimit, method, stimuli } from '../shared/options.js';

export const options = {
  ...corrector,
  ...stimuli,
  ...method,
  standardize: choice(['zscore', 'raw', 'cosine'], {
    help: 'unit of the readings: standard deviations over output tokens, projections, or projections ÷ norms',
    default: 'zscore',
  }),
  tokens: integer({ value: 'n', help: 'output tokens read per case', default: 20 }),
  cases: list(
    { value: 'ids', help: 'held-out stimuli to show (default: one correct, one copy)' },
    z.string(),
  ),
  shownLayers: layerList({
    flag: 'layers',
    help: 'layers shown, and among which the best is sought, from 0, e.g. 4-9 or 3,7; scan.json keeps every layer (default: all)',
  }),
  ...labelLimit,
} as const;
