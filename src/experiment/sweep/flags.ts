/** The options of a sweep. */
import { z } from 'zod';
import { embedded } from '../../data/artifacts.js';
import { choice, integer, layerList, list, number, text } from '../../shape/options.js';
import {
  corrector,
  directionOption,
  method,
  problemFiles,
  steps,
  stimuli,
} from '../shared/options.js';
import { defaultEditMetric, editMetricNames } from '../../text/editMetricTable.js';

export const options = {
  ...corrector,
  upstream: text({
    value: 'model',
    help: 'who writes the sentences in loop mode',
    default: embedded.upstream,
  }),
  mode: choice(['loop', 'fixed'], {
    help: 'steer while the aligner loop runs, or on recorded sentences',
    default: 'loop',
  }),
  direction: directionOption('found now, as lat-scan does'),
  ...method,
  ...stimuli,
  ...problemFiles('layers, scale and fit range are fixed'),
  limit: integer({ value: 'n', help: 'problems, the first of the file', default: 200 }),
  layers: layerList({
    help: 'steered layers, from 0, e.g. 4-6 or 3,7 (default: as saved with the direction, else chosen on validation data)',
  }),
  coefficients: list(
    { ...steps, value: 'numbers', help: 'the grid (default: -1 … 1 in steps of 0.125)' },
    z.number(),
  ),
  scale: number({
    value: 'x',
    help: 'norm that coefficient 1 adds, in mean residual norms (default likewise)',
  }),
  positions: choice(['prompt', 'all', 'generated'], {
    help: 'steered positions: those of the prompt, every one (the papers), or the generated ones (default: as saved with the direction, else the prompt)',
  }),
  metric: choice(editMetricNames, {
    help: 'what is measured between y1 and y2',
    default: defaultEditMetric,
  }),
  controls: integer({
    value: 'n',
    help: 'random directions beside the tested one',
    default: 30,
    least: 0,
  }),
  controlProblems: integer({
    value: 'n',
    help: 'problems that the random directions run on, the first of the file; on few, much of a slope is noise',
    default: 32,
  }),
} as const;
