/**
 * What an experiment opens by name: local models by the lab's own way of loading, the rest as
 * `openUpstream` and its like do. All of it is closed together.
 */
import { createAligner, type Aligner } from '../../align/aligner.js';
import { createCorrector, type Corrector } from '../../align/corrector.js';
import { isModelName, openAligner, openCorrector, openUpstream } from '../../align/open.js';
import { createLocalUpstream, type Upstream } from '../../align/upstream.js';
import type { LanguageModel, Sampling } from '../../runtime/decoder.js';
import type { Lab, LoadHow } from './lab.js';

export class Openings implements AsyncDisposable {
  readonly #lab: Lab;
  readonly #how: LoadHow;
  readonly #open: AsyncDisposable[] = [];
  readonly #models = new Map<string, Promise<LanguageModel>>();

  /** @param how how models are loaded where nothing else is said */
  constructor(lab: Lab, how: LoadHow = {}) {
    this.#lab = lab;
    this.#how = how;
  }

  /** @param own.sampling of a local model; default: greedy */
  async upstream(name: string, own: LoadHow & { sampling?: Sampling } = {}): Promise<Upstream> {
    const { sampling, ...how } = own;
    if (!isModelName(name)) return this.#keep(await openUpstream(name, this.#place()));
    return createLocalUpstream({ model: await this.#load(name, how), sampling });
  }

  async corrector(name: string): Promise<Corrector> {
    if (!isModelName(name)) return this.#keep(await openCorrector(name, this.#place()));
    return createCorrector({ model: await this.#load(name) });
  }

  async aligner(name: string): Promise<Aligner> {
    if (!isModelName(name)) return this.#keep(await openAligner(name, this.#place()));
    return createAligner({ model: await this.#load(name) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of this.#open.splice(0)) await opened[Symbol.asyncDispose]();
  }

  /** One load per name and way: an upstream and its sampler share a model. */
  async #load(name: string, how: LoadHow = {}): Promise<LanguageModel> {
    const key = JSON.stringify([name, how]);
    const known = this.#models.get(key);
    if (known) return await known;
    const loading = this.#lab.load(name, { ...this.#how, ...how });
    this.#models.set(key, loading);
    return this.#keep(await loading);
  }

  #keep<T extends AsyncDisposable>(opened: T): T {
    this.#open.push(opened);
    return opened;
  }

  /** Where relative paths of recordings begin. */
  #place(): { folder: string } {
    return { folder: this.#lab.path('.') };
  }
}

/**
 * What `open` makes of newly opened things; they are closed where it fails.
 * @param how how models are loaded
 */
export async function opening<T>(
  lab: Lab,
  how: LoadHow,
  open: (openings: Openings) => Promise<T>,
): Promise<T & AsyncDisposable> {
  const openings = new Openings(lab, how);
  try {
    const opened = await open(openings);
    return { ...opened, [Symbol.asyncDispose]: () => openings[Symbol.asyncDispose]() };
  } catch (error) {
    await openings[Symbol.asyncDispose]();
    throw error;
  }
}
