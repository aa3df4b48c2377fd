/** Calls of the command line without a process, and a tiny model to call it with. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Io } from '../../src/cli/io.js';
import { run } from '../../src/cli/run.js';
import { generateRows } from '../../src/data/dataset.js';
import type { AnnotatedQuadruple } from '../../src/data/types.js';
import { tinyDecoder, type TinyOptions } from '../onnx/tinyDecoder.js';
import { writeModel } from '../runtime/models.js';

export interface CallResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CallOptions {
  cwd: string;
  stdin?: string;
  isTTY?: boolean;
  signal?: AbortSignal;
  name?: string;
  /** What is said on stderr when a command that runs until it is told to has begun: then it is told to. */
  endsAt?: RegExp;
  /** Told of all that is said on stderr, as it is said. */
  onStderr?: (text: string) => void;
  /** Default: empty. */
  env?: Io['env'];
}

/** Runs a command line and returns what it wrote. */
export async function call(argv: readonly string[], options: CallOptions): Promise<CallResult> {
  const written = { stdout: '', stderr: '' };
  const ending = new AbortController();
  const output = (stream: 'stdout' | 'stderr'): Io['stdout'] => ({
    write: (text) => {
      written[stream] += text;
      if (stream === 'stderr') options.onStderr?.(text);
      if (options.endsAt?.test(written.stderr)) ending.abort(new Error('enough'));
    },
    isTTY: options.isTTY ?? false,
    columns: 100,
  });
  const io: Io = {
    stdout: output('stdout'),
    stderr: output('stderr'),
    env: options.env ?? {},
    cwd: options.cwd,
    signal: options.signal ?? ending.signal,
    readStdin: () => Promise.resolve(options.stdin ?? null),
    now: () => new Date('2025-01-01T00:00:00Z'),
  };
  const code = await run(argv, io, options.name);
  return { code, ...written };
}

const specials = ['<s>', '</s>', '<|user|>', '<|assistant|>'];

/** A model folder: a random decoder and a tokenizer of bytes. */
export function writeTinyModel(folder: string, name = 'tiny', options: TinyOptions = {}): string {
  const alphabet = byteAlphabet();
  const vocabulary = specials.length + alphabet.length;
  const bytes = tinyDecoder({ vocabulary, layers: 3, width: 16, maxLength: 1024, ...options });
  const model = writeModel(folder, name, bytes);
  const added = specials.map((content, id) => ({
    ...{ id, content, special: true, normalized: false },
    ...{ single_word: false, lstrip: false, rstrip: false },
  }));
  const level = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  writeJson(join(model, 'tokenizer.json'), {
    ...{ version: '1.0', truncation: null, padding: null, added_tokens: added },
    ...{ normalizer: null, pre_tokenizer: level, post_processor: null, decoder: level },
    model: {
      type: 'BPE',
      vocab: Object.fromEntries([...specials, ...alphabet].map((token, id) => [token, id])),
      merges: [],
    },
  });
  writeJson(join(model, 'tokenizer_config.json'), {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: '<s>',
    eos_token: '</s>',
    chat_template:
      "{% for m in messages %}{{ '<s><|user|>' + m['content'] }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}",
  });
  writeJson(join(model, 'generation_config.json'), { eos_token_id: 1 });
  return model;
}

/** The 256 printable characters that stand for bytes in byte-level tokenizers (GPT-2). */
function byteAlphabet(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCodePoint(printable(byte) ? byte : next++),
  );
}

function writeJson(path: string, value: unknown): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, JSON.stringify(value));
}

/** Writes annotated quadruples of a split, one per problem; returns the file's path. */
export function writeQuadruples(
  folder: string,
  split: 'validation' | 'test',
  count: number,
): string {
  const path = join(folder, `${split}.jsonl`);
  const rows = quadruplesOf(split, count);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

function quadruplesOf(split: 'validation' | 'test', count: number): AnnotatedQuadruple[] {
  // About one in twelve has an empty sentence.
  const some = { split, count: 2 * count + 8, seed: 0 };
  const rows = [...generateRows('written', some)] as AnnotatedQuadruple[];
  return rows.filter(({ last }) => last !== '').slice(0, count);
}

/** Stimuli labelled as if the corrector had written the solver's corrections. */
export function writeStimuliFile(folder: string, count: number, only?: 'correct' | 'copy'): string {
  const path = join(folder, `stimuli-${count}-${only ?? 'both'}.jsonl`);
  const rows = quadruplesOf('validation', count)
    .map(({ correction, ...row }, i) => ({
      ...row,
      id: `s${i}`,
      output: correction,
      label: correction === row.last ? 'copy' : 'correct',
      half: i % 2 === 0 ? 'train' : 'heldOut',
    }))
    .filter(({ label }) => only === undefined || label === only);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}
