/** Work in portions. */

/** Consecutive batches of a fixed size; the last one may be shorter. */
export function batchesOf<T>(items: readonly T[], size: number): T[][] {
  if (!Number.isInteger(size) || size < 1) {
    throw new Error(`batches: the size is not usable (expected an integer from 1, got ${size})`);
  }
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/**
 * Results in the order of the items, of which up to `atOnce` are worked on side by side; one is begun
 * when the one `atOnce` places before it has been handed out. Ends, or throws what a work throws,
 * when nothing is running any more.
 */
export async function* sideBySide<T, R>(options: {
  items: readonly T[];
  atOnce: number;
  work: (item: T) => Promise<R>;
}): AsyncGenerator<R, void> {
  const { items, atOnce, work } = options;
  const running: Promise<R>[] = [];
  const begin = (item: T): void => {
    const result = work(item);
    // A failure is thrown in its turn, or never, where an earlier one has failed.
    result.catch(() => undefined);
    running.push(result);
  };
  try {
    items.slice(0, atOnce).forEach(begin);
    for (let at = 0; at < items.length; at++) {
      const result = await running[at];
      if (result !== undefined) yield result;
      items.slice(at + atOnce, at + atOnce + 1).forEach(begin);
    }
  } finally {
    await Promise.allSettled(running);
  }
}

/** Results as they come, of items begun in their order, up to `atOnce` at a time. Ends as {@link sideBySide}. */
export async function* asTheyEnd<T, R>(options: {
  items: readonly T[];
  atOnce: number;
  work: (item: T) => Promise<R>;
}): AsyncGenerator<R, void> {
  const { items, atOnce, work } = options;
  const running = new Map<T, Promise<{ item: T; result: R }>>();
  const next = async (): Promise<R> => {
    const { item, result } = await Promise.race(running.values());
    running.delete(item);
    return result;
  };
  try {
    for (const item of items) {
      if (running.size >= atOnce) yield await next();
      running.set(
        item,
        work(item).then((result) => ({ item, result })),
      );
    }
    while (running.size > 0) yield await next();
  } finally {
    await Promise.allSettled(running.values());
  }
}
