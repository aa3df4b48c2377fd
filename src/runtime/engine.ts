/**
 * The decoder itself, inside its worker: plans batches, runs the two graphs, keeps the caches.
 * Knows no threads and no messages; its sessions are opened when first needed.
 */
import type { DecoderLayout } from '../onnx/layout.js';
import { planBatches, reusedTokens } from './batches.js';
import type { BatchLimits, BatchPolicy } from './batches.js';
import { checkForward, checkGenerate } from './check.js';
import type { ForwardRequest, ForwardRow, GenerateRequest, GenerateResult } from './decoder.js';
import { ForwardBatch } from './forward.js';
import { generateBatch } from './generate.js';
import type { CachedRow } from './keyValues.js';
import { reusableLength } from './prefixCache.js';
import type { Session } from './session.js';
import { Treatments } from './treatment.js';

/**
 * Rows: beyond this, matrix products gain nothing more. Slots: attention scores of one layer stay
 * below about 16k × length × heads numbers. Fixed, so that batches never depend on the machine.
 */
export const defaultLimits: BatchLimits = { rows: 64, slots: 16_384 };

export interface EngineOptions {
  layout: DecoderLayout;
  /** Opens a session on the graph for one forward, or on the generation loop. */
  open: (graph: 'forward' | 'loop') => Promise<Session>;
  /** Milliseconds. */
  now: () => number;
  limits?: BatchLimits;
}

/** Rows of unequal lengths share a run only where masks and positions say which tokens are real. */
export function batchPolicy(layout: DecoderLayout): BatchPolicy {
  if (layout.dynamicQuantization) return 'single';
  const { attentionMask, positionIds } = layout.inputs;
  const masked = layout.attention === 'full-mask' && attentionMask !== null && positionIds !== null;
  return masked ? 'padded' : 'equal';
}

/** Asked between runs; throws where the caller no longer wants the result. */
export type Checkpoint = () => Promise<void>;

export class Engine {
  readonly #options: EngineOptions;
  readonly #policy: BatchPolicy;
  readonly #limits: BatchLimits;
  readonly #sessions = new Map<'forward' | 'loop', Promise<Session>>();
  readonly #caches = new Map<number, CachedRow>();

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#policy = batchPolicy(options.layout);
    this.#limits = options.limits ?? defaultLimits;
  }

  async forward(request: ForwardRequest, checkpoint: Checkpoint): Promise<ForwardRow[]> {
    const { layout } = this.#options;
    checkForward(request, layout);
    const session = await this.#session('forward');
    const lengths = request.tokens.map((row) => ({ length: row.length, cached: 0 }));
    const rows: ForwardRow[] = [];
    for (const batch of planBatches(lengths, { policy: this.#policy, limits: this.#limits })) {
      await checkpoint();
      const done = await new ForwardBatch(layout, request, batch).run(session);
      batch.rows.forEach((index, b) => {
        const row = done[b];
        if (row) rows[index] = row;
      });
    }
    return rows;
  }

  async generate(request: GenerateRequest, checkpoint: Checkpoint): Promise<GenerateResult> {
    const { layout, now } = this.#options;
    checkGenerate(request, layout);
    const session = await this.#session('loop');
    const treatments = new Treatments(request.steering, layout.layers);
    const lengths = request.prompts.map((ids, row) => ({
      length: ids.length,
      cached: this.#reusable(request, row, treatments),
    }));
    const result: GenerateResult = { rows: [], milliseconds: 0, computedTokens: 0 };
    const batches = planBatches(lengths, {
      policy: this.#policy,
      limits: this.#limits,
      generated: request.maxNewTokens,
    });
    for (const batch of batches) {
      await checkpoint();
      const past = batch.rows.map((index) => {
        const length = lengths[index]?.length ?? 0;
        const reused = reusedTokens(batch, length);
        result.computedTokens += length - reused;
        return { cached: this.#cached(request, index), reused };
      });
      const started = now();
      const done = await generateBatch(session, { layout, request, batch, past, treatments });
      result.milliseconds += now() - started;
      batch.rows.forEach((index, b) => {
        const row = done.rows[b];
        if (row) result.rows[index] = row;
        const cache = request.caches?.[index];
        const kept = done.caches?.[b];
        if (cache && kept) this.#caches.set(cache.id, kept);
      });
    }
    return result;
  }

  closeCache(id: number): void {
    this.#caches.delete(id);
  }

  async release(): Promise<void> {
    this.#caches.clear();
    for (const session of this.#sessions.values()) await (await session).release();
    this.#sessions.clear();
  }

  #cached(request: GenerateRequest, row: number): CachedRow | undefined {
    const cache = request.caches?.[row];
    return cache && this.#caches.get(cache.id);
  }

  #reusable(request: GenerateRequest, row: number, treatments: Treatments): number {
    const cached = this.#cached(request, row);
    const ids = request.prompts[row] ?? [];
    if (!cached) return 0;
    const promptLength = request.promptLengths?.[row] ?? ids.length;
    const next = { ids, treatments: treatments.of({ row, promptLength }, ids.length) };
    return reusableLength(cached, next);
  }

  #session(graph: 'forward' | 'loop'): Promise<Session> {
    const open = this.#sessions.get(graph) ?? this.#options.open(graph);
    this.#sessions.set(graph, open);
    return open;
  }
}
