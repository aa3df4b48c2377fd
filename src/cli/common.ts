/** Options that many commands share. */
import { precisions } from '../onnx/precision.js';
import { devices } from '../runtime/devices.js';
import { defaultDate, isDate } from '../runtime/chatDate.js';
import { checkedText, choice, flag, integer, text } from '../shape/options.js';

/** Of every command. */
export const common = {
  json: flag('print the summary as JSON on stdout, and nothing else there'),
  debug: flag('show where an error comes from'),
} as const;

/** Of commands that take long. */
export const dry = {
  dryRun: flag('say what would run, how long it may take and how much it writes; write nothing'),
} as const;

/** Of commands that load a model. */
export const engine = {
  device: choice(devices, { help: 'where models run; never another in silence', default: 'cpu' }),
  threads: integer({
    value: 'n',
    help: 'threads per model (default: one per core)',
  }),
  precision: choice(precisions, {
    help: 'weights of local models on a CPU: as they are stored, or rounded to 8 or 4 bits: faster, other numbers (docs/speed.md)',
  }),
  date: checkedText({
    value: 'day',
    help: 'what chat templates are told that ask for the day, the same every day so that runs repeat',
    default: defaultDate,
    check: isDate,
    expected: 'YYYY-MM-DD or YYYY-MM-DDThh:mm:ss',
  }),
  controlTokens: flag(
    'control tokens in questions and texts (<|im_end|>) are control tokens, not text',
  ),
} as const;

/** Of experiments. */
export const store = {
  store: text({
    value: 'place',
    help: 'a folder, or s3://bucket/folder: keeps every unit of work under the hash of what goes into it, and takes what other runs or machines have put there',
  }),
} as const;

/** Of commands that write a run folder. */
export const folder = {
  out: text({
    value: 'folder',
    help: 'run folder; give the same one again to resume (default: runs/<command>-…)',
  }),
} as const;

export const seed = {
  seed: integer({ value: 'n', help: 'seed of everything that is drawn', default: 0, least: 0 }),
} as const;
