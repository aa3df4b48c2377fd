/** Several things opened for one experiment, as many as its options name. */

/** Takes something that was opened into what is closed at the end, and gives it back. */
export type Keep = <D extends AsyncDisposable>(opened: D) => D;

/**
 * What `open` makes. All that it keeps is closed with it, the last first, and where it fails.
 * @throws (closing) the first error of one that does not close, after the others are closed; where
 *   `open` fails, its error alone.
 */
export async function opening<T extends object>(
  open: (keep: Keep) => Promise<T>,
): Promise<T & AsyncDisposable> {
  const kept: AsyncDisposable[] = [];
  const disposeAll = async (): Promise<unknown[]> => {
    const errors: unknown[] = [];
    for (const each of kept.splice(0).reverse()) {
      try {
        await each[Symbol.asyncDispose]();
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  };
  const dispose = async (): Promise<void> => {
    const errors = await disposeAll();
    if (errors.length > 0) throw errors[0];
  };
  try {
    const made = await open((opened) => {
      kept.push(opened);
      return opened;
    });
    return { ...made, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await disposeAll();
    throw error;
  }
}
