/** Every command that writes, with limits so small that it runs for seconds. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface KillCase {
  name: string;
  /** Whether it writes a run folder; else files. */
  run: boolean;
  /** Of the kills, beside the others': long commands have fewer. Default 1. */
  share?: number;
  /** @param out the folder that it writes into; @param inputs of {@link writeInputs} */
  argv: (out: string, inputs: string) => string[];
}

/** From `build/`, where this runs. */
const shipped = fileURLToPath(
  new URL('../../../artifacts/stimuli/arithmetic-validation.jsonl', import.meta.url),
);

/** A part of the shipped stimuli, so that labelling is short. */
export function writeInputs(folder: string): void {
  const rows = readFileSync(shipped, 'utf8').split('\n');
  const first = (count: number): string => `${rows.slice(0, count).join('\n')}\n`;
  writeFileSync(join(folder, 'stimuli.jsonl'), first(64));
  writeFileSync(join(folder, 'validation.jsonl'), first(6));
}

const one = ['--threads', '1'];
const small = ['--model', 'corrector-arithmetic-s', ...one];
const given = (inputs: string, ...keys: string[]): string[] =>
  keys.flatMap((key) => [`--${key}`, join(inputs, `${key}.jsonl`)]);

/** A command that writes a run folder. */
function run(name: string, argv: (inputs: string) => string[]): KillCase {
  return { name, run: true, argv: (out, inputs) => [...argv(inputs), '--out', out] };
}

/** One that takes long. */
function seldom(name: string, argv: (inputs: string) => string[]): KillCase {
  return { ...run(name, argv), share: 0.4 };
}

/** A command that writes one file. */
function file(name: string, option: string, path: string, argv: string[]): KillCase {
  return { name, run: false, argv: (out) => [...argv, option, join(out, path)] };
}

const question = 'Mia has 4 bags of 7 nuts. How many nuts does Mia have?';
const [corrector, aligner] = ['corrector-arithmetic-s', 'aligner-arithmetic-s'];

export const cases: readonly KillCase[] = [
  file('dataset written', '--out', 'rows.jsonl', ['dataset', 'written', '--count', '6000']),
  file('dataset quadruples', '--out', 'rows.jsonl', [
    ...['dataset', 'quadruples', '--split', 'validation', '--count', '48', ...one],
  ]),
  file('instrument', '--out', 'graph.onnx', ['instrument', corrector, '--graph', 'loop']),
  file('align --page', '--page', 'rounds.html', ['align', question, ...small]),
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
  run('rounds', () => [
    ...['rounds', '--correctors', corrector, ...one, '--limit', '2', '--rounds', '1'],
  ]),
  run('evaluate', () => [
    ...['evaluate', '--corrector', corrector, '--aligner', aligner, ...one, '--limit', '2'],
    ...['--systems', 'upstream,stream,aligner'],
  ]),
  run('compare', () => [
    ...['compare', '--correctors', corrector, '--aligners', aligner, ...one, '--limit', '2'],
    ...['--samples', '2', '--timed', '1'],
  ]),
  seldom('reproduce --quick', () => [
    ...['reproduce', '--quick', '--corrector', corrector, ...one, '--limit', '2'],
    ...['--only', 'rounds,lens'],
  ]),
];
