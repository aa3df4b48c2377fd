/** Every command, with limits so small that it runs for seconds. */
import { join } from 'node:path';

export interface KillCase {
  name: string;
  /** Whether all that it gives is on stdout. */
  prints?: true;
  /** Whether what it prints holds measured times. */
  clocked?: true;
  /** Of the kills, beside the others': long commands have fewer. Default 1. */
  share?: number;
  /** @param out the folder that it writes into; @param inputs those of inputs.ts */
  argv: (out: string, inputs: string) => string[];
}

const one = ['--threads', '1'];
const small = ['--model', 'corrector-arithmetic-s', ...one];
const given = (inputs: string, ...keys: string[]): string[] =>
  keys.flatMap((key) => [`--${key}`, join(inputs, `${key}.jsonl`)]);

/** A command that writes a run folder. */
function run(name: string, argv: (inputs: string) => string[]): KillCase {
  return { name, argv: (out, inputs) => [...argv(inputs), '--out', out] };
}

/** One that takes long. */
function seldom(name: string, argv: (inputs: string) => string[]): KillCase {
  return { ...run(name, argv), share: 0.4 };
}

/** A command that writes one file. */
function file(
  name: string,
  [option, path]: [option: string, path: string],
  argv: readonly string[] | ((inputs: string) => string[]),
): KillCase {
  const given = (inputs: string): readonly string[] =>
    typeof argv === 'function' ? argv(inputs) : argv;
  return { name, argv: (out, inputs) => [...given(inputs), option, join(out, path)] };
}

/** A command that writes to stdout alone. */
function prints(name: string, argv: readonly string[]): KillCase {
  return { name, prints: true, argv: () => [...argv] };
}

const question = 'Mia has 4 bags of 7 nuts. How many nuts does Mia have?';
const [corrector, aligner] = ['corrector-arithmetic-s', 'aligner-arithmetic-s'];

export const cases: readonly KillCase[] = [
  file('dataset written', ['--out', 'rows.jsonl'], ['dataset', 'written', '--count', '6000']),
  file(
    'dataset quadruples',
    ['--out', 'rows.jsonl'],
    [...['dataset', 'quadruples', '--split', 'validation', '--count', '48', ...one]],
  ),
  file('dataset annotate', ['--out', 'rows.jsonl'], (inputs) => [
    ...['dataset', 'annotate', ...given(inputs, 'samples')],
  ]),
  file('dataset triples', ['--out', 'rows.jsonl'], (inputs) => [
    ...['dataset', 'triples', ...given(inputs, 'answers')],
  ]),
  file('convert', ['--out', 'direction.safetensors'], (inputs) => [
    ...['convert', join(inputs, 'direction.gguf')],
  ]),
  run('plot', (inputs) => ['plot', join(inputs, 'run'), '--format', 'html,json']),
  file('instrument', ['--out', 'graph.onnx'], ['instrument', corrector, '--graph', 'loop']),
  file('align --page', ['--page', 'rounds.html'], ['align', question, ...small]),
  file(
    'calibrate',
    ['--out', 'calibration.json'],
    [
      ...['calibrate', ...one, '--limit', '2', '--coefficient', '-1,0,1', '--targets', '0.3'],
      ...['--held-out', 'generated:validation'],
    ],
  ),
  run('lat-scan', (inputs) => ['lat-scan', ...small, ...given(inputs, 'stimuli')]),
  run('extract', (inputs) => ['extract', ...small, ...given(inputs, 'stimuli')]),
  run('sweep --mode fixed', (inputs) => [
    ...['sweep', ...small, ...given(inputs, 'stimuli', 'validation')],
    ...['--mode', 'fixed', '--limit', '2', '--controls', '1', '--layers', '8', '--scale', '1'],
  ]),
  seldom('sweep --mode loop', (inputs) => [
    ...['sweep', ...small, ...given(inputs, 'stimuli', 'validation')],
    ...['--mode', 'loop', '--limit', '1', '--controls', '0', '--layers', '8', '--scale', '1'],
  ]),
  run('causal', (inputs) => [
    ...['causal', ...small, ...given(inputs, 'stimuli', 'validation'), '--layers', '8,9'],
    ...['--limit', '2', '--pairs', '1', '--pool', '8', '--controls', '1'],
  ]),
  run('lens', () => ['lens', ...small, '--limit', '40']),
  {
    name: 'lens --store',
    argv: (out) => [
      ...['lens', ...small, '--limit', '20', '--out', join(out, 'run')],
      ...['--store', join(out, 'store')],
    ],
  },
  run('rounds', () => [
    ...['rounds', '--correctors', corrector, ...one, '--limit', '2', '--rounds', '1'],
  ]),
  run('evaluate', () => [
    ...['evaluate', '--corrector', corrector, '--aligner', aligner, ...one, '--limit', '2'],
    ...['--systems', 'upstream,stream,aligner'],
  ]),
  run('compare', () => [
    ...['compare', '--correctors', corrector, '--aligners', aligner, ...one, '--limit', '2'],
    // Of two, a clock would say which number of samples takes the corrector's time.
    ...['--samples', '1', '--timed', '1'],
  ]),
  seldom('reproduce --quick', () => [
    ...['reproduce', '--quick', '--corrector', corrector, ...one, '--limit', '2'],
    ...['--only', 'rounds,lens'],
  ]),
  prints('generate', ['generate', question, ...small, '--max-new-tokens', '200']),
  { ...prints('align', ['align', question, ...small]), clocked: true },
  prints('dataset problems', ['dataset', 'problems', '--count', '20000']),
  { ...prints('doctor', ['doctor']), clocked: true },
  prints('completion', ['completion', 'bash']),
];
