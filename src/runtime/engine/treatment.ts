/**
 * What was done to each position of a row, as a key: two positions with the same token, the same
 * key and the same history have the same keys and values in the decoder's cache.
 */
import { createHash } from 'node:crypto';
import { defaultPositions, type PositionRule, type Steering } from '../steering.js';

/** Key of a position whose residual stream was left alone. */
const untreated = '';

export interface TreatedRow {
  /** Row of the batch. */
  row: number;
  /** Leading tokens that count as prompt. */
  promptLength: number;
}

/** Whether the rule steers a position of a row whose prompt has `promptLength` tokens. */
export function isSteered(rule: PositionRule, position: number, promptLength: number): boolean {
  if (rule === 'all') return true;
  return rule === 'prompt' ? position < promptLength : position >= promptLength;
}

/**
 * Keys per position and row of a request. Layers that neither add nor remove anything do not
 * enter: coefficient 0 and no steering are the same treatment.
 */
export class Treatments {
  readonly #steering: Steering | undefined;
  readonly #layers: number;
  readonly #layerKeys = new Map<number, string>();
  readonly #rowKeys = new Map<number, string>();
  readonly #patches = new Map<number, Map<number, string>>();

  constructor(steering: Steering | undefined, layers: number) {
    this.#steering = steering;
    this.#layers = layers;
    for (const patch of steering?.patches ?? []) {
      const row = this.#patches.get(patch.row) ?? new Map<number, string>();
      const before = row.get(patch.position) ?? '';
      row.set(patch.position, `${before}p${patch.layer}:${digest(patch.vector)}`);
      this.#patches.set(patch.row, row);
    }
  }

  /** Keys of positions 0 … count − 1 of a row. */
  of(row: TreatedRow, count: number): string[] {
    const key = this.#rowKey(row.row);
    const rule = this.#steering?.positions ?? defaultPositions;
    const patches = this.#patches.get(row.row);
    return Array.from({ length: count }, (_, position) => {
      const steered = isSteered(rule, position, row.promptLength) ? key : untreated;
      return steered + (patches?.get(position) ?? '');
    });
  }

  #rowKey(row: number): string {
    const known = this.#rowKeys.get(row);
    if (known !== undefined) return known;
    const key = this.#describe(row);
    this.#rowKeys.set(row, key);
    return key;
  }

  #describe(row: number): string {
    const { direction, coefficient, ablation } = this.#steering ?? {};
    if (!direction) return untreated;
    let key = untreated;
    for (let layer = 0; layer < this.#layers; layer++) {
      const added = coefficient ? perRow(coefficient, row, layer, this.#layers) : 0;
      const removed = ablation ? perRow(ablation, row, layer, this.#layers) : 0;
      if (added === 0 && removed === 0) continue;
      key += `s${layer}:${this.#layerKey(direction, layer)}:${added}:${removed};`;
    }
    return key;
  }

  #layerKey(direction: Float32Array, layer: number): string {
    const known = this.#layerKeys.get(layer);
    if (known !== undefined) return known;
    const width = direction.length / this.#layers;
    const key = digest(direction.subarray(layer * width, (layer + 1) * width));
    this.#layerKeys.set(layer, key);
    return key;
  }
}

/** Entry of an `[L]` or `[B, L]` array. */
export function perRow(values: Float32Array, row: number, layer: number, layers: number): number {
  const index = values.length === layers ? layer : row * layers + layer;
  return values[index] ?? 0;
}

function digest(vector: Float32Array): string {
  const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
  return createHash('sha256').update(bytes).digest('base64');
}
