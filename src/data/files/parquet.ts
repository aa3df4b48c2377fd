/** Rows of parquet files, decoded in a process that can be ended. */
import { stat } from 'node:fs/promises';
import type { Placed } from './cutter.js';
import { leaveProcess, takeProcess, type DecodingLimits } from './parquetProcess.js';

/**
 * Limits of a file of this size, generous: other programs may have the processor, and what is packed well
 * grows.
 */
function limitsOf(bytes: number): DecodingLimits {
  const mebibytes = bytes / 2 ** 20;
  return {
    seconds: 30 + Math.ceil(mebibytes / 2),
    memory: Math.min(4096, 512 + 64 * Math.ceil(mebibytes)),
  };
}

/**
 * The rows, with values as JSON has them: whole numbers beyond 2⁵³ are digits, dates ISO 8601, bytes that
 * are no text are left out.
 * @param limits Default: by the size of the file
 * @throws where it cannot be read, is damaged, claims more than any data set has, or exceeds the limits
 */
export async function* parquetRows(
  path: string,
  limits: Partial<DecodingLimits> = {},
): AsyncGenerator<Placed<unknown>> {
  const size = await stat(path).then(
    (found) => found.size,
    // Whoever reads it says so.
    () => 0,
  );
  const decoder = takeProcess({ ...limitsOf(size), ...limits });
  try {
    for (let open: string | null = path; ; open = null) {
      const reply = await decoder.ask({ open }).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`${path}: cannot be read: ${reason}`, { cause: error });
      });
      if ('error' in reply) throw new Error(reply.error);
      if ('done' in reply) return;
      for (const [i, row] of reply.rows.entries()) {
        yield { row, place: `${path}: row ${reply.first + i}` };
      }
    }
  } finally {
    leaveProcess(decoder);
  }
}
