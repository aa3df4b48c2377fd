/** Several things opened for one experiment, as many as its options name. */

/** Takes something that was opened into what is closed at the end, and gives it back. */
export type Keep = <D extends AsyncDisposable>(opened: D) => D;

/** What `open` makes. All that it keeps is closed with it, the last first, and where it fails. */
export async function opening<T extends object>(
  open: (keep: Keep) => Promise<T>,
): Promise<T & AsyncDisposable> {
  const kept: AsyncDisposable[] = [];
  const dispose = async (): Promise<void> => {
    for (const each of kept.splice(0).reverse()) await each[Symbol.asyncDispose]();
  };
  try {
    const made = await open((opened) => {
      kept.push(opened);
      return opened;
    });
    return { ...made, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
