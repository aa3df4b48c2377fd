/** How long a row may be: what a model's configuration says, and the words for a row that is longer. */
import type { ContextLimit } from '../onnx/layout.js';
import type { DecoderInfo, GenerateRow } from './decoder.js';
import { objectIn, readConfig, type Config } from './modelConfig.js';

/** A prompt that leaves no room, or an output that used all of it up. */
export interface ContextEnd {
  /** Of the prompt. */
  tokens: number;
  positions: number;
}

/** As vLLM's `_get_and_verify_max_len` has them, and `n_ctx` of the first GPT-2 files. */
const lengthKeys = ['max_position_embeddings', 'n_positions', 'n_ctx', 'max_seq_len', 'seq_length', 'max_sequence_length', 'max_seq_length', 'seq_len', 'max_target_positions'] as const; // prettier-ignore

/** Kinds of rotary scaling whose factor is in the length already. */
const counted = /^(default|su|longrope|llama3|mrope|proportional)$/;

/**
 * The limit that a model's folder states: `config.json` (its `text_config` too), with rotary scaling
 * as vLLM counts it, and `genai_config.json` of ONNX Runtime GenAI; the least of them.
 * @throws on a damaged file.
 */
export function configuredLimit(folder: string): ContextLimit | null {
  const config = readConfig(folder, 'config.json');
  const genai = readConfig(folder, 'genai_config.json');
  const parts = [config, objectIn(config?.text_config), objectIn(config?.llm_config)];
  const stated = parts.flatMap((part) => (part ? limitsIn(part) : []));
  const length = whole(objectIn(genai?.model)?.context_length);
  if (length !== null) {
    stated.push({ positions: length, source: 'context_length of genai_config.json' });
  }
  return leastLimit(stated);
}

/** The least of several limits; null where there is none. */
export function leastLimit(
  limits: readonly (ContextLimit | null | undefined)[],
): ContextLimit | null {
  return limits.reduce<ContextLimit | null>(
    (least, one) => (one && (least === null || one.positions < least.positions) ? one : least),
    null,
  );
}

/** What is wrong with a row: `2,011 tokens, the model has 768 positions`. */
export function describeContext({ tokens, positions }: ContextEnd): string {
  return `${counts(tokens)} tokens, the model has ${counts(positions)} positions`;
}

/** What a row that ended for want of positions says of it; nothing for others. */
export function contextEnd(
  { finish }: Pick<GenerateRow, 'finish'>,
  prompt: readonly number[] = [],
  { context }: Pick<DecoderInfo, 'context'>,
): { context?: ContextEnd } {
  if (finish !== 'context') return {};
  return { context: { tokens: prompt.length, positions: context?.positions ?? prompt.length } };
}

function counts(number: number): string {
  return number.toLocaleString('en-US');
}

function limitsIn(config: Config): ContextLimit[] {
  return lengthKeys.flatMap((key) => {
    const length = whole(config[key]);
    if (length === null) return [];
    const scaled = rotaryScale(config, length);
    const source = `${key} of config.json`;
    if (scaled === length) return [{ positions: length, source }];
    return [{ positions: scaled, source: `${source}, scaled as rope_scaling says` }];
  });
}

/** The length that rotary scaling makes of a stated one. */
function rotaryScale(config: Config, length: number): number {
  const scaling = objectIn(config.rope_scaling) ?? objectIn(config.rope_parameters);
  const { factor, original_max_position_embeddings: original } = scaling ?? {};
  const kind = scaling?.rope_type ?? scaling?.type;
  if (typeof factor !== 'number' || !(factor > 1) || typeof kind !== 'string') return length;
  // Gemma 3 states the length that its scaling has reached.
  if (counted.test(kind) || /^gemma3/.test(String(config.model_type))) return length;
  const from = kind === 'yarn' ? (whole(original) ?? length) : length;
  return Math.floor(from * factor);
}

function whole(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null;
}
