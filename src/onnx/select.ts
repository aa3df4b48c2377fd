/** Indices of single positions, for `GatherND`. */
import type { GraphWriter } from './build.js';

/** Positions int64 `[B, P]` → pairs of row and position, int64 `[B, P, 2]`. */
export function pairWithRows(writer: GraphWriter, positions: string): string {
  const shape = writer.node('Shape', [positions]);
  const count = writer.node('Gather', [shape, writer.ints(0)], { attributes: { axis: 0 } });
  const range = writer.node('Range', [writer.ints(0), count, writer.ints(1)]);
  const column = writer.node('Unsqueeze', [range, writer.ints([1])]);
  const zeros = writer.node('Mul', [positions, writer.ints(0)]);
  const last = writer.ints([2]);
  const [rows, indices] = [writer.node('Add', [zeros, column]), positions].map((name) =>
    writer.node('Unsqueeze', [name, last]),
  );
  return writer.node('Concat', [rows ?? '', indices ?? ''], { attributes: { axis: 2 } });
}
