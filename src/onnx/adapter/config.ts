/** PEFT's `adapter_config.json`: what of it changes the numbers, and what cannot be taken. */
import { shownValue } from '../../text/given.js';

export interface AdapterConfig {
  /** r of a module. */
  rankOf(module: string): number;
  /** What B A is multiplied by. */
  scaleOf(module: string): number;
}

type Fields = Readonly<Record<string, unknown>>;

/** What makes an adapter more than a low-rank sum: the field, and what it means. */
const refused: Readonly<Record<string, string>> = {
  use_dora: 'DoRA, which also scales the columns',
  use_qalora: 'QALoRA, which pools its input',
  use_bdlora: 'block-diagonal LoRA',
  lora_bias: 'biases beside its matrices',
  modules_to_save: 'whole modules of its own',
  target_parameters: 'parameters outside linear modules',
  trainable_token_indices: 'token embeddings of its own',
  layer_replication: 'layers that are repeated',
  alora_invocation_tokens: 'activated LoRA, which acts on a part of the text',
};

/** Beginnings that change the base's weights, so that they are not the file's any more. */
const changesBase = /^(pissa|olora|loftq|corda|lora_ga)/i;

/**
 * Reads the configuration. `fan_in_fan_out` says how PyTorch stores the base's weights and changes
 * nothing here.
 *
 * @throws Error where it is no LoRA, or one that a sum of matrices cannot stand for
 */
export function readAdapterConfig(text: string, source: string): AdapterConfig {
  const fields = parse(text, source);
  const fail = (what: string): never => {
    throw new Error(
      `${source}: the adapter has ${what}, which cannot be put on a graph's weights; merge it with PEFT and export the model`,
    );
  };
  if (fields.peft_type !== 'LORA') fail(`peft_type ${shownValue(fields.peft_type)} (not LORA)`);
  for (const [key, what] of Object.entries(refused)) if (isSet(fields[key])) fail(what);
  if (isSet(fields.bias) && fields.bias !== 'none') fail('biases of its own');
  const begin = fields.init_lora_weights;
  if (typeof begin === 'string' && changesBase.test(begin)) {
    fail(`init_lora_weights "${begin}", which changes the base's own weights`);
  }
  const rank = positive(fields.r, 'r', source);
  const alpha = positive(fields.lora_alpha, 'lora_alpha', source);
  const ranks = patterns(fields.rank_pattern, 'rank_pattern', source);
  const alphas = patterns(fields.alpha_pattern, 'alpha_pattern', source);
  const rankOf = (module: string): number => matching(ranks, module) ?? rank;
  return {
    rankOf,
    scaleOf(module) {
      const r = rankOf(module);
      return (matching(alphas, module) ?? alpha) / (isSet(fields.use_rslora) ? Math.sqrt(r) : r);
    },
  };
}

function parse(text: string, source: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${source}: is not JSON; save the adapter again`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Error(`${source}: is not an object; save the adapter again`);
}

/** Absent, null, false and empty all mean no. */
function isSet(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== false;
}

function positive(value: unknown, key: string, source: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  throw new Error(`${source}: has ${key} ${shownValue(value)} (expected a number above 0)`);
}

/** Per module, or end of a module's name. PEFT takes regular expressions too. */
function patterns(value: unknown, key: string, source: string): Map<string, number> {
  if (!isSet(value)) return new Map();
  const entries = Object.entries(value as Fields);
  const odd = entries.find(([name]) => !/^[\w.]+$/.test(name));
  if (odd !== undefined) {
    throw new Error(
      `${source}: ${key} has the key ${JSON.stringify(odd[0])} (expected the end of a module's name, no regular expression); merge the adapter with PEFT`,
    );
  }
  return new Map(entries.map(([name, number]) => [name, positive(number, key, source)]));
}

/** The first key that the name is, or ends with after a full stop, as in PEFT. */
function matching(by: ReadonlyMap<string, number>, module: string): number | undefined {
  for (const [key, value] of by) if (`.${module}`.endsWith(`.${key}`)) return value;
  return undefined;
}
