/**
 * A LoRA adapter as PEFT saves it: `adapter_config.json` and `adapter_model.safetensors`.
 *
 * Hu et al. 2021: y = W x + s · B A x, with A `[r, in]`, B `[out, r]`. s is α / r, or α / √r with
 * `use_rslora` (Kalajdzievski 2023).
 */
import { readSafetensors } from '../../tensors/safetensors.js';
import type { FloatTensor } from '../../tensors/safetensors.js';
import { readAdapterConfig } from './config.js';

/** What is added to one matrix: scale · B A. */
export interface LowRank {
  /** float32 `[r, in]` */
  a: FloatTensor;
  /** float32 `[out, r]` */
  b: FloatTensor;
  scale: number;
}

/** By the module's name in Hugging Face's model, e.g. `model.layers.0.self_attn.q_proj`. */
export type Adapter = ReadonlyMap<string, LowRank>;

export interface AdapterFiles {
  /** Text of `adapter_config.json`. */
  config: string;
  /** Bytes of `adapter_model.safetensors`. */
  weights: Uint8Array;
}

/**
 * Reads an adapter.
 *
 * @param folder names it in errors
 * @throws Error where a file is damaged, where a matrix has no partner, a wrong rank or numbers
 * that are not finite, and on everything that is no plain LoRA
 */
export function readAdapter({ config, weights }: AdapterFiles, folder: string): Adapter {
  const settings = readAdapterConfig(config, `${folder}/adapter_config.json`);
  const source = `${folder}/adapter_model.safetensors`;
  const { tensors } = readSafetensors(weights, source);
  const halves = new Map<string, Partial<Record<'a' | 'b', FloatTensor>>>();
  for (const [name, tensor] of tensors) {
    const [module, half] = placeOf(name, source);
    checkNumbers(tensor, `${source}: ${name}`);
    halves.set(module, { ...halves.get(module), [half]: tensor });
  }
  if (halves.size === 0) throw new Error(`${source}: no matrices in it; save the adapter again`);
  return new Map(
    [...halves].map(([module, { a, b }]): [string, LowRank] => {
      if (!a || !b) {
        throw new Error(
          `${source}: ${module} has no lora_${a ? 'B' : 'A'}; save the adapter again`,
        );
      }
      const rank = settings.rankOf(module);
      if (a.shape[0] !== rank || b.shape[1] !== rank) {
        throw new Error(
          `${source}: ${module} has lora_A [${a.shape.join(', ')}] and lora_B [${b.shape.join(', ')}] (expected rank ${rank} as its configuration says: [${rank}, in] and [out, ${rank}])`,
        );
      }
      return [module, { a, b, scale: settings.scaleOf(module) }];
    }),
  );
}

/** `base_model.model.<module>.lora_A.weight`; PEFT's trainers also save an adapter's name. */
function placeOf(name: string, source: string): [module: string, half: 'a' | 'b'] {
  const found = /^(?:base_model\.model\.)?(.+)\.lora_([AB])(?:\.[^.]+)?\.weight$/.exec(name);
  if (found?.[1] !== undefined) return [found[1], found[2] === 'A' ? 'a' : 'b'];
  throw new Error(
    `${source}: ${name.slice(0, 120)} is no LoRA matrix (expected lora_A.weight and lora_B.weight only); merge this adapter with PEFT and export the model`,
  );
}

function checkNumbers({ shape, values }: FloatTensor, subject: string): void {
  if (shape.length !== 2 || values.length === 0) {
    throw new Error(`${subject} has the shape [${shape.join(', ')}] (expected a matrix)`);
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new Error(
      `${subject} has ${values[bad]} at ${bad} (expected finite numbers); its training went astray`,
    );
  }
}
