/**
 * The decoder itself, inside its worker: plans batches, runs the two graphs, keeps the caches.
 * Knows no threads and no messages; its sessions are opened when first needed.
 */
import type { ContextLimit, DecoderLayout } from '../../onnx/layout.js';
import { planBatches, reusedTokens } from './batches.js';
import type { Batch, BatchLimits, BatchPolicy, RowLength } from './batches.js';
import { cpuLimits } from './batchLimits.js';
import { checkForward, checkGenerate } from './check.js';
import type { ForwardRequest, ForwardRow, GenerateRequest, GenerateResult } from '../decoder.js';
import { ForwardBatch } from './forward.js';
import { generateBatch, unwrittenRow } from './generate.js';
import type { GeneratedBatch, GenerateOptions } from './generate.js';
import { loopFor } from './graphKinds.js';
import type { GraphKind } from './graphKinds.js';
import type { CachedRow } from './keyValues.js';
import { checkMemory } from './memory.js';
import { prefillRow } from './prefill.js';
import { reusableLength } from './prefixCache.js';
import type { TreatedTokens } from './prefixCache.js';
import type { Session } from '../session.js';
import { Treatments } from './treatment.js';

export interface EngineOptions {
  layout: DecoderLayout;
  /** Opens a session on one of the graphs. */
  open: (graph: GraphKind) => Promise<Session>;
  /** Milliseconds. */
  now: () => number;
  /** Default {@link cpuLimits}. */
  limits?: BatchLimits;
  /** The most tokens of a row; absent where nobody says. */
  context?: ContextLimit;
  /** Bytes of memory that are free, where attention scores lie in it. Default: no matter. */
  free?: () => number;
  /** Whether loops are used that do no more than is asked. Default false. */
  lean?: boolean;
}

/** Rows of unequal lengths share a run only where the graph can tell which tokens are real. */
function batchPolicy({ dynamicQuantization, attention, inputs }: DecoderLayout): BatchPolicy {
  const { attentionMask, positionIds, seqlensK } = inputs;
  if (dynamicQuantization) return 'single';
  if (attention === 'full-mask') {
    return attentionMask !== null && positionIds !== null ? 'left' : 'equal';
  }
  return attentionMask !== null || seqlensK !== null ? 'right' : 'equal';
}

/** Asked between runs; throws where the caller no longer wants the result. */
export type Checkpoint = () => Promise<void>;

/** A row's prompt, and what of it is cached. */
interface Prompt extends RowLength {
  window: CachedRow | undefined;
  /** Treatments are filled in where there is a cache to compare with. */
  next: TreatedTokens;
}

export class Engine {
  readonly #options: EngineOptions;
  readonly #policy: BatchPolicy;
  readonly #limits: BatchLimits;
  readonly #sessions = new Map<GraphKind, Promise<Session>>();
  readonly #caches = new Map<number, CachedRow>();

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#policy = batchPolicy(options.layout);
    this.#limits = options.limits ?? cpuLimits;
  }

  async forward(request: ForwardRequest, checkpoint: Checkpoint): Promise<ForwardRow[]> {
    const { layout, context } = this.#options;
    checkForward(request, { ...layout, context });
    const session = await this.#session('forward');
    const lengths = request.tokens.map((row) => ({ length: row.length, cached: 0 }));
    const rows: ForwardRow[] = [];
    for (const batch of this.#plan(lengths)) {
      await checkpoint();
      this.#checkMemory('forward', batch);
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
    const kind = loopFor(request, { lean: this.#options.lean ?? false });
    await this.#session(kind);
    const started = now();
    const treatments = new Treatments(request.steering, layout.layers);
    const rows = request.prompts.map((_, row) => this.#prompt(request, row, treatments));
    const result: GenerateResult = {
      // Those without room are never run.
      rows: rows.map(() => unwrittenRow()),
      milliseconds: 0,
      computedTokens: 0,
    };
    if (this.#policy === 'right' && rows.length > 1) {
      result.computedTokens += await this.#prefill(request, rows, checkpoint);
    }
    for (const batch of this.#plan(rows, request.maxNewTokens)) {
      await checkpoint();
      this.#checkMemory('generate', batch);
      const past = batch.rows.map((index) => {
        const { length = 0, window } = rows[index] ?? {};
        const reused = reusedTokens(batch, length);
        result.computedTokens += length - reused;
        return { cached: window, reused };
      });
      const rooms = batch.rows.map((index) => rows[index]?.room ?? 0);
      const done = await this.#generate(kind, {
        ...{ layout, request, batch, past, rooms, treatments },
      });
      batch.rows.forEach((index, b) => {
        const row = done.rows[b];
        if (row) result.rows[index] = row;
        const cache = request.caches?.[index];
        const kept = done.caches?.[b];
        if (cache && kept) this.#caches.set(cache.id, kept);
      });
    }
    result.milliseconds = now() - started;
    return result;
  }

  /** Where a lean loop tells that a state is not finite, the whole one says which. */
  async #generate(kind: GraphKind, options: GenerateOptions): Promise<GeneratedBatch> {
    const done = await generateBatch(await this.#session(kind), options);
    return done ?? this.#generate('loop', options);
  }

  closeCache(id: number): void {
    this.#caches.delete(id);
  }

  async release(): Promise<void> {
    this.#caches.clear();
    for (const session of this.#sessions.values()) await (await session).release();
    this.#sessions.clear();
  }

  #checkMemory(what: string, batch: Batch): void {
    const { layout, free } = this.#options;
    if (free) checkMemory(batch, { what, layout, free: free() });
  }

  #plan(rows: readonly RowLength[], generated = 0): Batch[] {
    const { attention, positions } = this.#options.layout;
    const padding = attention === 'full-mask' ? 'left' : 'right';
    const most = positions.slots ?? undefined;
    const [policy, limits] = [this.#policy, this.#limits];
    return planBatches(rows, { policy, limits, padding, generated, most });
  }

  #prompt(request: GenerateRequest, row: number, treatments: Treatments): Prompt {
    const ids = request.prompts[row] ?? [];
    const cache = request.caches?.[row];
    const window = cache && this.#caches.get(cache.id);
    const { positions = Infinity } = this.#options.context ?? {};
    const room = Math.max(0, Math.min(request.maxNewTokens, positions - ids.length));
    const length = ids.length;
    if (!window) return { length, cached: 0, room, window, next: { ids, treatments: [] } };
    const promptLength = request.promptLengths?.[row] ?? ids.length;
    const next = { ids, treatments: treatments.of({ row, promptLength }, ids.length) };
    return { length, cached: reusableLength(window, next), room, window, next };
  }

  /** Brings rows with a cache to their last token; returns how many tokens that computed. */
  async #prefill(
    request: GenerateRequest,
    rows: readonly Prompt[],
    checkpoint: Checkpoint,
  ): Promise<number> {
    const { layout } = this.#options;
    let computed = 0;
    for (const [row, prompt] of rows.entries()) {
      const { cached: reused, room, window, next, length } = prompt;
      if (!window || room === 0 || reused === 0 || reused === length - 1) continue;
      await checkpoint();
      const session = await this.#session('forward');
      prompt.window = await prefillRow(session, {
        layout,
        request,
        row,
        next,
        cached: window,
        reused,
      });
      prompt.cached = length - 1;
      computed += length - 1 - reused;
    }
    return computed;
  }

  #session(graph: GraphKind): Promise<Session> {
    const open = this.#sessions.get(graph) ?? this.#options.open(graph);
    this.#sessions.set(graph, open);
    return open;
  }
}
