/** Models that stay loaded from one job to the next. */
import type { Lab } from '../experiment/shared/lab.js';

interface Kept {
  opened: Promise<AsyncDisposable>;
  used: boolean;
}

/** What a worker has loaded. */
export class KeptModels implements AsyncDisposable {
  readonly #kept = new Map<string, Kept>();

  /**
   * The same lab, whose models stay when they are closed.
   * @param how plain JSON of what a model depends on beside its name, e.g. device and threads
   */
  lab(lab: Lab, how: unknown): Lab {
    const keeping =
      <H, T extends AsyncDisposable>(role: string, open: (name: string, given?: H) => Promise<T>) =>
      async (name: string, given?: H): Promise<T> => {
        const key = JSON.stringify([role, name, given ?? null, how]);
        const known = this.#kept.get(key) ?? { opened: open(name, given), used: true };
        known.used = true;
        this.#kept.set(key, known);
        try {
          return staying((await known.opened) as T);
        } catch (error) {
          this.#kept.delete(key);
          throw error;
        }
      };
    return {
      ...lab,
      load: keeping('load', lab.load),
      upstream: keeping('upstream', lab.upstream),
      corrector: keeping('corrector', lab.corrector),
      aligner: keeping('aligner', lab.aligner),
    };
  }

  /** Closes those that nobody has asked for since the last call. */
  async sweep(): Promise<void> {
    for (const [key, { opened, used }] of this.#kept) {
      if (used) continue;
      this.#kept.delete(key);
      await (await opened)[Symbol.asyncDispose]();
    }
    for (const kept of this.#kept.values()) kept.used = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#kept.values()];
    this.#kept.clear();
    for (const { opened } of all) await (await opened)[Symbol.asyncDispose]();
  }
}

/** The same thing, whose owner is another. */
function staying<T extends AsyncDisposable>(opened: T): T {
  const nothing = (): Promise<void> => Promise.resolve();
  return new Proxy(opened, {
    get(target, key) {
      if (key === Symbol.asyncDispose || key === 'close') return nothing;
      const value: unknown = Reflect.get(target, key, target);
      // Methods that see private fields need the thing itself.
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
