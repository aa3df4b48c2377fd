/**
 * The decoder itself, inside its worker: plans batches, runs the two graphs, keeps the caches.
 * Knows no threads and no messages; its sessions are opened when first needed.
 */
import type { ContextLimit, DecoderLayout } from '../../onnx/layout.js';
import { planBatches, reusedTokens, slotsOf } from './batches.js';
import type { Batch, BatchLimits, BatchPolicy, RowLength } from './batches.js';
import { cpuLimits } from './batchLimits.js';
import { Caches } from './caches.js';
import { checkForward, checkGenerate } from './check.js';
import { continued } from './continued.js';
import type { ForwardRequest, ForwardRow, GenerateRequest, GenerateResult } from '../decoder.js';
import { ForwardBatch } from './forward.js';
import { generateBatch, unwrittenRow } from './generate.js';
import type { GeneratedBatch, GenerateOptions, Room } from './generate.js';
import { isHalf, loopFor } from './graphKinds.js';
import type { GraphKind } from './graphKinds.js';
import type { CachedRow } from './keyValues.js';
import { checkMemory } from './memory.js';
import { generateInPortions, isPortioned } from './portions.js';
import type { Portions } from './portions.js';
import { prefillRow } from './prefill.js';
import {
  computePrefixes,
  lengthOf,
  pastOf,
  planPrefixes,
  prefixSlots,
  prefixTokens,
  promptPrefixes,
} from './prefixes.js';
import type { Prefix, PrefixOptions } from './prefixes.js';
import { reusableLength } from './prefixCache.js';
import type { TreatedTokens } from './prefixCache.js';
import type { Session } from '../session.js';
import { isWorth, KeptHalves, prefillShared, sharedLayer } from './sharing.js';
import type { SharedPrefill } from './sharing.js';
import { Treatments } from './treatment.js';
import { joinWritten, usableDraft, verifyBatch } from './verify.js';
import type { VerifiedRow } from './verify.js';

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
  /** Most tokens of a row whose draft is verified, the draft among them. Default: any number. */
  mostDrafted?: number;
  /** Whether rows of one prompt share what steering leaves alone; `always`: whatever it saves. */
  sharing?: boolean | 'always';
  /** Whether rows of a forward share leading tokens; `always`: whatever it saves. */
  prefixes?: boolean | 'always';
  /** Most tokens of a prompt that is computed before its row is written, see {@link promptPrefixes}. Default 0. */
  mostPrefilled?: number;
  /** Absent: a batch is written in one run. */
  portions?: Portions;
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
  room: number;
  end: Room['end'];
  window: CachedRow | undefined;
  /** Treatments are filled in where there is a cache to compare with. */
  next: TreatedTokens;
  /** Tokens of the caller's prompt. */
  own: number;
}

/** Where the halves of prefills are cut, and the lower ones that are kept. */
interface Halves {
  layer: number;
  kept: KeptHalves;
}

/** A generation on its way. */
interface Generation {
  request: GenerateRequest;
  rows: Prompt[];
  treatments: Treatments;
  /** Filled in. */
  result: GenerateResult;
  checkpoint: Checkpoint;
  /** The last block that rows of one prompt share; null where each row is computed by itself. */
  shared: number | null;
}

export class Engine {
  readonly #options: EngineOptions;
  readonly #policy: BatchPolicy;
  readonly #limits: BatchLimits;
  readonly #sessions = new Map<GraphKind, Promise<Session>>();
  readonly #caches: Caches;
  #halves: Halves = { layer: -1, kept: new KeptHalves() };

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#policy = batchPolicy(options.layout);
    this.#limits = options.limits ?? cpuLimits;
    this.#caches = new Caches(options.layout.cache);
  }

  async forward(request: ForwardRequest, checkpoint: Checkpoint): Promise<ForwardRow[]> {
    const { layout, context } = this.#options;
    checkForward(request, { ...layout, context });
    const session = await this.#session('forward');
    const { plan, begin } = this.#forwards('forward', checkpoint);
    const prefixes = this.#prefixes(request) ?? request.tokens.map(() => null);
    const cached = await computePrefixes(prefixes, { layout, session, plan, begin });
    const fed = request.tokens.map((ids) => ({ ids }));
    const rows: ForwardRow[] = [];
    for (const batch of plan(fed.map(({ ids }, row) => lengthOf(ids, prefixes[row])))) {
      await begin(batch);
      const past = pastOf(batch, { rows: fed, prefixes, cached });
      const done = await new ForwardBatch(layout, request, { batch, past }).run(session);
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
    const windows = this.#windows(request);
    const rows = request.prompts.map((_, row) => this.#prompt(request, row, { treatments, windows })); // prettier-ignore
    // Rows that have nothing yet are begun together, as those without caches are.
    const begun = windows.length > 0 ? request : { ...request, caches: undefined };
    const result: GenerateResult = {
      // Those without room are never run.
      rows: rows.map(() => unwrittenRow()),
      ...{ milliseconds: 0, computedTokens: 0, draftedTokens: 0 },
    };
    const shared = this.#shared(begun);
    const alone = shared === null;
    result.computedTokens += alone ? await this.#prefillPrompts(begun, rows, checkpoint) : 0;
    const generation = { request, rows, treatments, result, checkpoint, shared };
    const written = alone ? await this.#offer(generation) : new Map<number, VerifiedRow>();
    const rest = { ...request, ...continued(request, written) };
    await this.#decode(kind, { ...generation, request: rest });
    for (const [row, before] of written) {
      const { finish, ...after } = result.rows[row] ?? unwrittenRow();
      result.rows[row] = { finish, ...joinWritten(before, after) };
    }
    this.#caches.trim();
    result.milliseconds = now() - started;
    return result;
  }

  /** Writes all rows that have room. */
  async #decode(
    kind: GraphKind,
    { request, rows, treatments, result, checkpoint, shared }: Generation,
  ): Promise<void> {
    const { layout } = this.#options;
    if (this.#policy === 'right' && rows.length > 1) {
      result.computedTokens += await this.#prefill(request, rows, checkpoint);
    }
    for (const planned of this.#plan(rows, { generated: request.maxNewTokens })) {
      await checkpoint();
      this.#checkMemory('generate', planned);
      const { batch, past, computed } =
        shared === null
          ? cachedPast(planned, rows)
          : await this.#sharePrefill(shared, request, planned);
      result.computedTokens += computed;
      const rooms = batch.rows.map((index) => roomOf(rows[index]));
      const done = await this.#write(kind, { layout, request, batch, past, rooms, treatments });
      batch.rows.forEach((index, b) => {
        const row = done.rows[b];
        if (row) result.rows[index] = row;
        const cache = request.caches?.[index];
        const kept = done.caches?.[b];
        if (cache && kept) this.#caches.set(cache.id, kept);
      });
    }
  }

  /**
   * Brings all rows to their last token, where what they share, and the padding that a batch of all of
   * them would have, is worth it.
   * @returns tokens that it computed
   */
  async #prefillPrompts(
    request: GenerateRequest,
    rows: Prompt[],
    checkpoint: Checkpoint,
  ): Promise<number> {
    const { layout, mostPrefilled = 0, sharing } = this.#options;
    const fits = rows.every(({ own, room }) => own <= mostPrefilled && room > 0);
    const prefixes = fits && this.#policy === 'left' ? promptPrefixes(request) : null;
    if (!prefixes) return 0;
    const { plan, begin } = this.#forwards('generate', checkpoint);
    const before = slotsOf(this.#plan(rows, { generated: request.maxNewTokens }));
    const saved = before - prefixSlots(prefixes, plan) - rows.length;
    if (sharing !== 'always' && !isWorth(saved, before)) return 0;
    const session = await this.#session('forward');
    const cached = await computePrefixes(prefixes, { layout, session, plan, begin });
    for (const [row, prompt] of rows.entries()) {
      const prefix = prefixes[row];
      const window = prefix ? cached.get(prefix) : undefined;
      if (window) rows[row] = { ...prompt, window, cached: window.ids.length };
    }
    return prefixTokens(prefixes);
  }

  /** The prefixes of rows that are computed once; null where each row is computed by itself. */
  #prefixes(request: ForwardRequest): (Prefix | null)[] | null {
    const { prefixes = false } = this.#options;
    // Others take several tokens on a cache for one row only, or change with their neighbours.
    if (!prefixes || (this.#policy !== 'left' && this.#policy !== 'equal')) return null;
    return planPrefixes(request, { always: prefixes === 'always' });
  }

  #shared(request: GenerateRequest): number | null {
    const { layout, sharing = false } = this.#options;
    // What shares a quantisation scale with its neighbours would be computed with other numbers.
    if (!sharing || this.#policy === 'single') return null;
    return sharedLayer(request, layout, { always: sharing === 'always' });
  }

  /** Only one cut is open at a time: its two graphs hold the weights once. */
  async #sharePrefill(
    layer: number,
    request: GenerateRequest,
    batch: Batch,
  ): Promise<SharedPrefill> {
    const { layout } = this.#options;
    if (this.#halves.layer !== layer) {
      for (const kind of [...this.#sessions.keys()].filter(isHalf)) await this.#close(kind);
      this.#halves = { layer, kept: new KeptHalves() };
    }
    const lower = await this.#session(`lower-${layer}`);
    const upper = layer < layout.layers - 1 ? await this.#session(`upper-${layer}`) : undefined;
    return prefillShared({ layout, request, batch, lower, upper, kept: this.#halves.kept });
  }

  async #close(kind: GraphKind): Promise<void> {
    const session = this.#sessions.get(kind);
    this.#sessions.delete(kind);
    await (await session)?.release();
  }

  /**
   * Writes the drafts as far as the model would; their rows are changed into what is left to write.
   * The first token alone tells most sentences that are written anew, so the rest of a draft is
   * computed only where that is the draft's.
   *
   * Rows that are decoded together only where their lengths are equal would be torn apart, and what
   * shares a quantisation scale with its neighbours would be computed with other numbers.
   */
  async #offer(generation: Generation): Promise<Map<number, VerifiedRow>> {
    const { request, rows, result } = generation;
    const written = new Map<number, VerifiedRow>();
    const policy = this.#policy;
    if (!request.drafts || policy === 'single' || (policy === 'equal' && rows.length > 1)) {
      return written;
    }
    const stop = new Set(request.stop);
    const { mostDrafted = Infinity } = this.#options;
    const drafts = rows.map(({ room, length }, row) => {
      const draft = usableDraft(request.drafts?.[row] ?? [], { room, stop });
      return length + draft.length <= mostDrafted ? draft : [];
    });
    const begun = drafts.map((draft) => (draft.length > 0 ? [] : undefined));
    await this.#verify({ ...generation, written }, begun);
    const rest = drafts.map((draft, row) => {
      if (draft.length === 0 || written.get(row)?.tokens[0] !== draft[0]) return undefined;
      result.draftedTokens++;
      return draft.length > 1 ? draft.slice(1) : undefined;
    });
    await this.#verify({ ...generation, written }, rest);
    return written;
  }

  /** Verifies a draft per row, none where it is undefined; one of no tokens writes the next token. */
  async #verify(
    generation: Generation & { written: Map<number, VerifiedRow> },
    drafts: readonly (readonly number[] | undefined)[],
  ): Promise<void> {
    const { rows, treatments, result, written, checkpoint } = generation;
    const { layout } = this.#options;
    const request = { ...generation.request, ...continued(generation.request, written) };
    const planned = rows.map(({ length, cached }, row) => {
      const draft = drafts[row];
      return { length: length + (draft?.length ?? 0), cached, room: draft ? 1 : 0 };
    });
    for (const batch of this.#plan(planned)) {
      await checkpoint();
      this.#checkMemory('generate', batch);
      const past = batch.rows.map((row) => {
        const reused = reusedTokens(batch, planned[row]?.length ?? 0);
        result.computedTokens += Math.max(0, (rows[row]?.own ?? 0) - reused);
        return { cached: rows[row]?.window, reused };
      });
      const session = await this.#session('forward');
      const done = await verifyBatch(session, { layout, request, drafts, batch, past, treatments });
      for (const [b, more] of done.entries()) {
        const row = batch.rows[b] ?? 0;
        const before = written.get(row);
        written.set(row, before ? { ...more, ...joinWritten(before, more) } : more);
        result.draftedTokens += more.accepted;
        this.#goOn(row, more, generation);
      }
    }
  }

  /** What is left of a row: nothing where it has ended. */
  #goOn(row: number, { tokens, cached }: VerifiedRow, { request, rows, result }: Generation): void {
    const prompt = rows[row];
    if (!prompt) return;
    const stopped = request.stop.includes(tokens.at(-1) ?? -1);
    const room = stopped ? 0 : prompt.room - tokens.length;
    const length = prompt.length + tokens.length;
    rows[row] = { ...prompt, length, cached: length - 1, room, window: cached, next: cached };
    if (room > 0) return;
    result.rows[row] = { ...unwrittenRow(), finish: stopped ? 'stop' : prompt.end };
    const cache = request.caches?.[row];
    if (cache) this.#caches.set(cache.id, cached);
  }

  async #write(kind: GraphKind, options: GenerateOptions): Promise<GeneratedBatch> {
    const { portions } = this.#options;
    const once = (given: GenerateOptions): Promise<GeneratedBatch> => this.#generate(kind, given);
    if (!portions || !isPortioned(options, portions)) return await once(options);
    return await generateInPortions(options, portions.tokens, once);
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
    this.#halves = { layer: -1, kept: new KeptHalves() };
    for (const kind of [...this.#sessions.keys()]) await this.#close(kind);
  }

  #checkMemory(what: string, batch: Batch): void {
    const { layout, free } = this.#options;
    if (free) checkMemory(batch, { what, layout, free: free() });
  }

  /** How the runs of a forward are planned, and what comes before each. */
  #forwards(what: string, checkpoint: Checkpoint): Pick<PrefixOptions, 'plan' | 'begin'> {
    return {
      plan: (rows) => this.#plan(rows, { run: this.#limits.run }),
      begin: async (batch) => {
        await checkpoint();
        this.#checkMemory(what, batch);
      },
    };
  }

  #plan(
    rows: readonly RowLength[],
    { generated = 0, run }: { generated?: number; run?: number | undefined } = {},
  ): Batch[] {
    const { attention, positions } = this.#options.layout;
    const padding = attention === 'full-mask' ? 'left' : 'right';
    const most = positions.slots ?? undefined;
    const [policy, limits] = [this.#policy, this.#limits];
    return planBatches(rows, { policy, limits, padding, generated, most, ...(run && { run }) });
  }

  /** What the request's caches hold. */
  #windows({ caches }: GenerateRequest): CachedRow[] {
    const held = (caches ?? []).map(({ id }) => this.#caches.get(id));
    return held.filter((window) => window !== undefined);
  }

  #prompt(
    request: GenerateRequest,
    row: number,
    { treatments, windows }: { treatments: Treatments; windows: readonly CachedRow[] },
  ): Prompt {
    const ids = request.prompts[row] ?? [];
    const { positions = Infinity } = this.#options.context ?? {};
    const room = Math.max(0, Math.min(request.maxNewTokens, positions - ids.length));
    const length = ids.length;
    const end = room < request.maxNewTokens ? 'context' : 'length';
    const sized = { length, own: length, room, end } as const;
    const untreated = { ids, treatments: [] };
    if (windows.length === 0) return { ...sized, window: undefined, cached: 0, next: untreated };
    const promptLength = request.promptLengths?.[row] ?? ids.length;
    const next = { ids, treatments: treatments.of({ row, promptLength }, ids.length) };
    const own = request.caches?.[row];
    return { ...sized, ...longestWindow(own && this.#caches.get(own.id), windows, next), next };
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

/**
 * The window that a row can take most from: its own, or a neighbour's that began as it does and went
 * another way, as with an upstream that is asked once for rows that stand at the same place.
 */
function longestWindow(
  own: CachedRow | undefined,
  windows: readonly CachedRow[],
  next: TreatedTokens,
): Pick<Prompt, 'window' | 'cached'> {
  let [window, cached] = [own, reusableLength(own, next)];
  for (const other of windows) {
    const length = reusableLength(other, next);
    if (length > cached) [window, cached] = [other, length];
  }
  return { window, cached };
}

/** What the rows of a batch have in their caches. */
function cachedPast(batch: Batch, rows: readonly Prompt[]): SharedPrefill {
  let computed = 0;
  const past = batch.rows.map((index) => {
    const { length = 0, own = 0, window } = rows[index] ?? {};
    const reused = reusedTokens(batch, length);
    computed += Math.max(0, own - reused);
    return { cached: window, reused };
  });
  return { batch, past, computed };
}

function roomOf(prompt: Prompt | undefined): Room {
  return { tokens: prompt?.room ?? 0, end: prompt?.end ?? 'length' };
}
