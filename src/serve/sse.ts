/** Server-sent events: JSON in `data:` lines, and comments that keep the line alive while nothing comes. */

/** JSON is one line, whatever a text holds: line breaks in it are escaped. */
export function dataLine(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

export const doneLine = 'data: [DONE]\n\n';
const keepAliveLine = ': keep-alive\n\n';

/** The same lines, and a comment after every `milliseconds` without one. */
export async function* keptAlive(
  lines: AsyncGenerator<string, void, void>,
  milliseconds: number,
): AsyncGenerator<string, void, void> {
  try {
    for (;;) {
      const next = lines.next();
      for (;;) {
        const step = await within(next, milliseconds);
        if (step === 'late') {
          yield keepAliveLine;
          continue;
        }
        if (step.done) return;
        yield step.value;
        break;
      }
    }
  } finally {
    await lines.return();
  }
}

/** What comes of a promise, or `late` where it takes longer. */
export async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A stream of lines. It asks for the next one when the client has taken the last, so that a slow
 * reader costs no memory.
 * @param onGone the client went before the end
 */
export function eventStream(
  lines: AsyncGenerator<string, void, void>,
  how: { headers: Record<string, string>; onGone: () => void },
): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const step = await lines.next();
      if (step.done) controller.close();
      else controller.enqueue(encoder.encode(step.value));
    },
    async cancel() {
      how.onGone();
      await lines.return();
    },
  });
  return new Response(body, {
    headers: {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache, no-transform',
      // Proxies that collect answers (nginx) are asked not to.
      'X-Accel-Buffering': 'no',
      ...how.headers,
    },
  });
}
