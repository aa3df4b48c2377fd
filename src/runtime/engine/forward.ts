/** One forward over a batch: request to feeds, outputs to rows. */
import type { DecoderLayout } from '../../onnx/layout.js';
import { inputs, outputs } from '../../onnx/names.js';
import type { Batch } from './batches.js';
import type { ForwardRequest, ForwardRow } from '../decoder.js';
import { commonFeeds, floats, int64 } from './feeds.js';
import type { PastRow } from './keyValues.js';
import { slotRectangle } from './padding.js';
import { fedProjections, firstNonFinite, refuseLogits, takeRow } from './readings.js';
import type { Feeds, PlainTensor, Session } from '../session.js';

/** One batch of a forward on the instrumented graph. */
export class ForwardBatch {
  readonly #layout: DecoderLayout;
  readonly #request: ForwardRequest;
  readonly #batch: Batch;
  readonly #past: readonly PastRow[];
  readonly #lengths: number[];

  /** @param past per row of the batch; no position that is asked for lies there */
  constructor(
    layout: DecoderLayout,
    request: ForwardRequest,
    { batch, past }: { batch: Batch; past: readonly PastRow[] },
  ) {
    this.#layout = layout;
    this.#request = request;
    this.#batch = batch;
    this.#past = past;
    this.#lengths = request.tokens.map((row) => row.length);
  }

  async run(session: Session): Promise<ForwardRow[]> {
    const { states, logits } = this.#request;
    const wanted: string[] = [outputs.projections];
    if (states) wanted.push(outputs.states);
    if (logits) wanted.push(outputs.logits);
    const results = await session.run(this.#feeds(), wanted);
    return this.#batch.rows.map((_, b) => this.#row(b, results));
  }

  #feeds(): Feeds {
    const { tokens, promptLengths, steering, project, states, logits } = this.#request;
    const batch = this.#batch;
    const rows = tokens.map((ids, row) => ({
      ids,
      promptLength: promptLengths?.[row] ?? ids.length,
    }));
    const past = this.#past;
    const read = slotRectangle(batch, this.#lengths, states ?? []);
    const decided = slotRectangle(batch, this.#lengths, logits ?? []);
    return {
      ...commonFeeds({ layout: this.#layout, batch, rows, past, steering, project }),
      [inputs.readPositions]: int64(read.slots, [batch.rows.length, read.count]),
      [inputs.logitsPositions]: int64(decided.slots, [batch.rows.length, decided.count]),
    };
  }

  #row(b: number, results: Record<string, PlainTensor>): ForwardRow {
    const index = this.#batch.rows[b] ?? 0;
    const sizes = { layers: this.#layout.layers, inner: this.#request.project?.count ?? 1 };
    const place = { batch: this.#batch, row: b, length: this.#lengths[index] ?? 0, index };
    const projections = fedProjections(results, sizes, place);
    return {
      projections: this.#request.project ? projections : new Float32Array(0),
      states: this.#states(b, index, results),
      logits: this.#logits(b, index, results),
    };
  }

  #states(b: number, index: number, results: Record<string, PlainTensor>): Float32Array {
    const positions = this.#request.states?.[index] ?? [];
    if (positions.length === 0) return new Float32Array(0);
    const { layers, width } = this.#layout;
    const tensor = results[outputs.states];
    return takeRow(floats(tensor, outputs.states), {
      outer: layers,
      rows: this.#batch.rows.length,
      slots: tensor?.shape[2] ?? 0,
      inner: width,
      row: b,
      start: 0,
      count: positions.length,
    });
  }

  #logits(b: number, index: number, results: Record<string, PlainTensor>): Float32Array {
    const positions = this.#request.logits?.[index] ?? [];
    if (positions.length === 0) return new Float32Array(0);
    const tensor = results[outputs.logits];
    const inner = tensor?.shape[2] ?? 0;
    const taken = takeRow(floats(tensor, outputs.logits), {
      outer: 1,
      rows: this.#batch.rows.length,
      slots: tensor?.shape[1] ?? 0,
      inner,
      row: b,
      start: 0,
      count: positions.length,
    });
    const bad = firstNonFinite(taken);
    if (bad >= 0) refuseLogits(index, positions[Math.floor(bad / inner)] ?? 0);
    return taken;
  }
}
