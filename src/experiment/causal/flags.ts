/** The options of a causal test. */
import { editMetricNames } from '../../text/editMetricTable.js';
import { z } from 'zod';
import { choice, integer, layerList, list, number } from '../../shape/options.js';
import {
  corrector,
  directionFile,
  method,
  problemFiles,
  steps,
  stimuli,
} from '../shared/options.js';

export const options = {
  ...corrector,
  ...directionFile,
  ...method,
  ...stimuli,
  ...problemFiles('layers are chosen and named'),
  limit: integer({
    value: 'n',
    help: 'problems that are steered and ablated; half as many for validation',
    default: 64,
  }),
  pairs: integer({ value: 'n', help: 'pairs of runs per kind of patch, at most', default: 32 }),
  pool: integer({
    value: 'n',
    help: 'problems that the corrector labels, from which pairs are made, in either file',
    default: 192,
  }),
  layers: layerList({
    help: 'tested layers, from 0, e.g. 4-6 or 3,7, one at a time (default: all)',
  }),
  coefficients: list(
    {
      ...steps,
      value: 'numbers',
      help: 'in the unit of a sweep (default: what adds a quarter and a half of a mean residual norm)',
    },
    z.number(),
  ),
  scale: number({
    value: 'x',
    help: 'norm that coefficient 1 adds, in mean residual norms (default: as saved, else 1)',
  }),
  controls: integer({
    value: 'n',
    help: 'random directions steered beside the tested one, on 16 problems',
    default: 8,
    least: 0,
  }),
  metric: choice(editMetricNames, {
    help: 'what is compared between y1 and y2 (default: editRatio)',
  }),
  positions: choice(['prompt', 'all', 'generated'], {
    help: 'steered and ablated positions (default: as saved with the direction, else the prompt)',
  }),
} as const;
