/** Two sets of readings, and where their greedy tokens part. */
import type { Engine } from '../../src/runtime/engine/engine.js';
import { relativeDifference } from './bounds.js';
import { nothing } from './model.js';
import { readDirections } from './readings.js';
import type { ParityRequest, Readings } from './readings.js';

export interface Comparison {
  against: string;
  /** By case and kind of reading. */
  differences: Record<string, number>;
  /** Greedy tokens: how many agree up to each row's first difference, and the margins there. */
  tokens: { compared: number; rowsThatDiffer: number; margins: number[] };
  ok: boolean;
}

export async function compare(
  engine: Engine,
  request: ParityRequest,
  given: { own: Readings; readings: Readings; other: string; tolerance: number },
): Promise<Comparison> {
  const { own, readings, other, tolerance } = given;
  const differences = differencesOf(own, readings);
  const tokens = { compared: 0, rowsThatDiffer: 0, margins: [] as number[] };
  for (const [name, coefficient] of Object.entries(request.cases)) {
    for (const [row, theirs] of (readings.tokens[name] ?? []).entries()) {
      const ours = own.tokens[name]?.[row] ?? [];
      const at = theirs.findIndex((token, i) => token !== ours[i]);
      tokens.compared += at < 0 ? theirs.length : at;
      if (at < 0) continue;
      tokens.rowsThatDiffer++;
      const prompt = [...(request.prompts[row] ?? []), ...theirs.slice(0, at)];
      const pair = [ours[at] ?? 0, theirs[at] ?? 0] as const;
      tokens.margins.push(await margin(engine, request, { prompt, pair, coefficient }));
    }
  }
  const ok =
    Object.values(differences).every((difference) => difference <= tolerance) &&
    // Both of two nearly equal logits may be off, in opposite directions.
    tokens.margins.every((gap) => gap <= 2 * tolerance);
  return { against: other, differences, tokens, ok };
}

export function differencesOf(own: Readings, reference: Readings): Record<string, number> {
  const all = [...reference.arrays].map(
    ([name, values]) => [name, relativeDifference(own.arrays.get(name) ?? [], values)] as const,
  );
  return Object.fromEntries(all);
}

/** How far apart the two tokens' logits are, in units of max(1, RMS of all). */
async function margin(
  engine: Engine,
  { directions }: ParityRequest,
  {
    prompt,
    pair: [a, b],
    coefficient,
  }: { prompt: number[]; pair: readonly [number, number]; coefficient: number[] },
): Promise<number> {
  const steering = {
    direction: readDirections(directions),
    coefficient: Float32Array.from(coefficient),
  };
  const [row] = await engine.forward(
    { tokens: [prompt], logits: [[prompt.length - 1]], steering },
    nothing,
  );
  const logits = row?.logits ?? new Float32Array(0);
  const rms = Math.sqrt(logits.reduce((sum, x) => sum + x * x, 0) / Math.max(1, logits.length));
  return Math.abs((logits[a] ?? NaN) - (logits[b] ?? NaN)) / Math.max(1, rms);
}
