/**
 * The caches that are kept between calls. A row's window holds on to the tensors of all rows that were
 * computed with it, so one that stays behind when its neighbours go on (an answer that waits for its
 * reader) would keep many times its own share.
 */
import type { CacheTensor } from '../../onnx/layout.js';
import { joinPast, type CachedRow, type KeyValues } from './keyValues.js';

type Tensors = readonly KeyValues[];

export class Caches {
  readonly #layout: readonly CacheTensor[];
  readonly #rows = new Map<number, CachedRow>();
  /** That have lost a row since the last {@link trim}. */
  readonly #left = new Set<Tensors>();

  constructor(layout: readonly CacheTensor[]) {
    this.#layout = layout;
  }

  get(id: number): CachedRow | undefined {
    return this.#rows.get(id);
  }

  set(id: number, row: CachedRow): void {
    this.delete(id);
    this.#rows.set(id, row);
  }

  delete(id: number): void {
    const row = this.#rows.get(id);
    if (row) this.#left.add(row.tensors);
    this.#rows.delete(id);
  }

  clear(): void {
    this.#rows.clear();
    this.#left.clear();
  }

  /**
   * Between calls, when rows that go on together have their new windows: copies out what takes less
   * than half of its tensors, so that all windows together keep at most twice their own bytes.
   */
  trim(): void {
    if (this.#left.size === 0) return;
    for (const [tensors, ids] of this.#holders()) {
      const [first] = tensors;
      const used = ids.reduce((sum, id) => sum + (this.#rows.get(id)?.ids.length ?? 0), 0);
      if (!first || 2 * used >= first.rows * first.slots) continue;
      for (const id of ids) this.#copyOut(id);
    }
    this.#left.clear();
  }

  /** Of tensors that have lost a row: the caches with another. */
  #holders(): Map<Tensors, number[]> {
    const holders = new Map<Tensors, number[]>();
    for (const [id, { tensors }] of this.#rows) {
      if (!this.#left.has(tensors)) continue;
      const ids = holders.get(tensors) ?? [];
      ids.push(id);
      holders.set(tensors, ids);
    }
    return holders;
  }

  #copyOut(id: number): void {
    const cached = this.#rows.get(id);
    if (!cached) return;
    const past = cached.ids.length;
    const tensors = this.#layout.map((tensor, index): KeyValues => {
      const rows = [{ cached, reused: past }];
      const data = joinPast(rows, index, { ...tensor, past, padding: 'left' });
      return { data, rows: 1, slots: past };
    });
    this.#rows.set(id, { ...cached, tensors, row: 0, start: 0 });
  }
}
