/**
 * Units that several machines compute: each of them runs this over the same list. What a machine may
 * compute it asks the store's claims, and it looks into the store again before it does; all take every
 * result from the store, in the order of the units, so that they end with the records of one machine.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Away } from '../../machines/away.js';
import { Cancelled, type Claim, type Claims, type OpenClaims } from '../../record/claims.js';
import type { Store } from '../../record/store.js';
import { reasonOf } from '../../text/errorSentence.js';

/** A unit as it is shared. */
export interface SharedUnit {
  /** In the store. */
  key: string;
  /** All of its records. */
  compute: () => Promise<readonly unknown[]>;
}

export interface ShareOptions {
  /** Of the units. */
  kind: string;
  /** All units of the list, those included that are done here already: the same on every machine. */
  units: readonly SharedUnit[];
  /** Whether a unit's result is wanted here. */
  wants: (key: string) => boolean;
  /** Whether results are read, too. Default true: else nothing is yielded. */
  reads?: boolean;
  store: Store;
  claims: Claims;
  /** Units computed side by side here. */
  atOnce: number;
  signal?: AbortSignal | undefined;
}

/** A machine on which so many units fail in a row is not fit for them. */
const mostFailures = 3;
const firstPause = 10;
const longestPause = 1000;
/** A pause is at least so many times as long as the look before it, where that is slow. */
const waits = 20;
const longestWait = 30_000;

/**
 * Yields what the store keeps of each unit, in order.
 * @throws where units are given up, when nothing more can be computed; after three failures in a row
 *   here, the last one; where the work is cancelled; the signal's reason.
 */
export async function* shareUnits(options: ShareOptions): AsyncGenerator<unknown, void> {
  const { units, wants, store, reads = true } = options;
  const share = await Share.begin(options);
  try {
    for (const { key } of reads ? units : []) {
      if (!wants(key)) continue;
      if (await share.until(key)) yield await store.get(key);
      // Nothing after it may be handed out, and yet it is computed.
      else break;
    }
    await share.end();
  } finally {
    await share.stop();
  }
}

/** The part of this machine. */
class Share {
  readonly #options: ShareOptions;
  readonly #open: OpenClaims;
  readonly #units: ReadonlyMap<string, SharedUnit>;
  /** Units without a result, as far as is known. */
  readonly #missing: Set<string>;
  readonly #lanes: Promise<void>;
  #failed: { error: unknown } | null = null;
  #failures = 0;
  /** When the store was last looked through. */
  #looked = -Infinity;
  readonly #ending = new AbortController();
  #over = false;
  /** Called when something is known that was not. */
  #tell: () => void = () => undefined;

  private constructor(options: ShareOptions, open: OpenClaims) {
    this.#options = options;
    this.#open = open;
    this.#units = new Map(options.units.map((unit) => [unit.key, unit]));
    this.#missing = new Set([...this.#units.keys()].filter((key) => options.wants(key)));
    const lanes = Array.from({ length: Math.max(1, options.atOnce) }, () => this.#lane());
    this.#lanes = Promise.all(lanes).then(() => {
      this.#over = true;
      this.#tell();
    });
  }

  static async begin(options: ShareOptions): Promise<Share> {
    const { kind, units, claims } = options;
    return new Share(options, await claims.open({ kind, keys: units.map(({ key }) => key) }));
  }

  /** Waits until the unit has a result; false where it is given up. */
  async until(key: string): Promise<boolean> {
    while (this.#missing.has(key)) {
      this.#check();
      if (this.#over || this.#open.givenUp.has(key)) return false;
      await new Promise<void>((resolve) => (this.#tell = resolve));
    }
    this.#check();
    return true;
  }

  /** Waits for all of them. @throws where one is given up. */
  async end(): Promise<void> {
    await this.#lanes;
    this.#check();
    const lost = [...this.#open.givenUp].filter(([key]) => this.#missing.has(key));
    const [first] = lost;
    if (!first) return;
    throw new Error(
      `units: ${lost.length} of ${this.#units.size} were given up after three attempts (${first[0].slice(0, 12)}…: ${first[1]}); what is done is kept; mend the cause and run the same command again`,
    );
  }

  /** Waits for what runs here; begins nothing more. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#lanes;
    await this.#open[Symbol.asyncDispose]();
  }

  #check(): void {
    if (this.#failed) throw this.#failed.error;
  }

  /** Computes one unit after the other until none is missing. Ends, never throws. */
  async #lane(): Promise<void> {
    let pause = firstPause;
    try {
      while (!this.#ending.signal.aborted && !this.#failed && this.#isAnyWanted()) {
        this.#options.signal?.throwIfAborted();
        const start = performance.now();
        const claim = await this.#open.next((key) => this.#missing.has(key));
        if (claim) {
          await this.#work(claim);
          pause = firstPause;
          continue;
        }
        await this.#look();
        if (!this.#isAnyWanted()) break;
        // Who waits leaves the processor and the disk to those who compute.
        const spent = performance.now() - start;
        await this.#pause(Math.max(pause, Math.min(waits * spent, longestWait)));
        pause = Math.min(2 * pause, longestPause);
      }
    } catch (error) {
      const { signal } = this.#options;
      this.#failed ??= { error: signal?.aborted ? signal.reason : error };
    } finally {
      this.#tell();
    }
  }

  #isAnyWanted(): boolean {
    for (const key of this.#missing) if (!this.#open.givenUp.has(key)) return true;
    return false;
  }

  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#options;
    const ending = this.#ending.signal;
    const either = signal ? AbortSignal.any([signal, ending]) : ending;
    await wait(milliseconds, undefined, { signal: either }).catch(() => undefined);
  }

  /** What others have finished. */
  async #look(): Promise<void> {
    const { store, reads = true } = this.#options;
    this.#looked = performance.now();
    // Those at the end are done last: who only helps need not know more than that one is missing.
    const missing = [...this.#missing].reverse();
    for (const key of (await store.known?.(missing, { any: !reads })) ?? missing) {
      if (!store.known && !(await store.has(key))) continue;
      this.#isDone(key);
    }
  }

  async #work(claim: Claim): Promise<void> {
    const { store, signal } = this.#options;
    const { key } = claim;
    try {
      if (!(await store.has(key))) {
        const records = await this.#units.get(key)?.compute();
        await store.put(key, records);
      } else if (store.known && performance.now() - this.#looked > longestPause) {
        // Where one is done that was not known of, so are its neighbours.
        await this.#look();
      }
    } catch (error) {
      // Where the store is away, that is no fault of the unit's.
      if (signal?.aborted || error instanceof Cancelled || error instanceof Away) {
        await claim.release();
        throw error;
      }
      await claim.fail(reasonOf(error));
      if (++this.#failures >= mostFailures) throw error;
      return;
    }
    this.#failures = 0;
    await claim.done();
    this.#isDone(key);
  }

  #isDone(key: string): void {
    this.#missing.delete(key);
    this.#open.tell(this.#units.size - this.#missing.size);
    this.#tell();
  }
}
