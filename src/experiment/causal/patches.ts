/**
 * Activation patching at one layer and position at a time: a donor's hidden state in the
 * recipient's run, and what becomes of the first output token.
 *
 * After causal tracing (Meng et al. 2022, arXiv 2202.05262) and interchange interventions (Geiger et
 * al. 2021), with the logit difference that Zhang and Nanda (2023, arXiv 2309.16042) recommend,
 * normalised between the two runs. Donors are other inputs, not noised ones.
 */
import type { Decoder } from '../../runtime/decoder.js';
import type { Patch } from '../../runtime/steering.js';
import type { PatchOutcome } from './shape.js';

/** The position counted from the last token (0, −1, …), or all before the lowest one, at once. */
export type PatchColumn = number | 'earlier';

export interface PatchRequest {
  decoder: Pick<Decoder, 'forward' | 'info'>;
  /** Prompts, as tokens. */
  recipient: readonly number[];
  donor: readonly number[];
  layers: readonly number[];
  columns: readonly PatchColumn[];
  /** What a first token of the recipient means for its decision, see {@link PatchOutcome}. */
  switches: (token: number) => boolean;
}

/**
 * Outcomes `[layer][column]`, null where a prompt does not reach that far. The unpatched recipient
 * runs in the same batch.
 * @throws where both runs begin with the same token: there is no difference to move.
 */
export async function measurePatches(request: PatchRequest): Promise<(PatchOutcome | null)[][]> {
  const { decoder, recipient, donor, layers, columns } = request;
  const given = await readDonor(request);
  const places = layers.flatMap((layer) =>
    columns.map((column) => ({ layer, positions: reached(column, request) })),
  );
  const used = places.filter(({ positions }) => positions.length > 0);
  const patches = used.flatMap(({ layer, positions }, i) =>
    positions.map((position): Patch => {
      const vector = given.state(layer, donor.length - 1 + position);
      return { row: i + 1, layer, position: recipient.length - 1 + position, vector };
    }),
  );
  const tokens = [recipient, ...used.map(() => recipient)];
  const rows = await decoder.forward({
    tokens,
    steering: { patches },
    logits: tokens.map(() => [recipient.length - 1]),
  });
  const judge = createJudge(rows[0]?.logits, given.logits, request.switches);
  let row = 0;
  const outcomes = places.map(({ positions }) =>
    positions.length === 0 ? null : judge(rows[++row]?.logits),
  );
  return layers.map((_, i) => outcomes.slice(i * columns.length, (i + 1) * columns.length));
}

/** Positions of a column, counted from the last token, that both prompts have. */
function reached(
  column: PatchColumn,
  { recipient, donor, columns }: Pick<PatchRequest, 'recipient' | 'donor' | 'columns'>,
): number[] {
  const lowest = 1 - Math.min(recipient.length, donor.length);
  if (column !== 'earlier') return column >= lowest ? [column] : [];
  const below = Math.min(1, ...columns.filter((c) => c !== 'earlier'));
  return Array.from({ length: Math.max(0, below - lowest) }, (_, i) => lowest + i);
}

interface Donor {
  /** `[V]` at the last token. */
  logits: Float32Array;
  /** `[D]` at a layer and an absolute position. */
  state: (layer: number, position: number) => Float32Array;
}

async function readDonor({ decoder, donor, columns }: PatchRequest): Promise<Donor> {
  const { width } = decoder.info;
  const least = Math.min(0, ...columns.map((c) => (c === 'earlier' ? -donor.length : c)));
  const first = Math.max(0, donor.length - 1 + least);
  const positions = Array.from({ length: donor.length - first }, (_, i) => first + i);
  const [row] = await decoder.forward({
    tokens: [donor],
    states: [positions],
    logits: [[donor.length - 1]],
  });
  if (!row) throw new Error('causal: the decoder gave no row for the donor (expected 1)');
  return {
    logits: row.logits,
    state: (layer, position) => {
      const start = (layer * positions.length + position - first) * width;
      return row.states.subarray(start, start + width);
    },
  };
}

type Judge = (patched: Float32Array | undefined) => PatchOutcome;

function createJudge(
  recipient: Float32Array | undefined,
  donor: Float32Array,
  switches: (token: number) => boolean,
): Judge {
  if (!recipient) throw new Error('causal: the decoder gave no row for the recipient (expected 1)');
  const [own, other] = [greedy(recipient), greedy(donor)];
  if (own === other) {
    throw new Error(`causal: donor and recipient both begin with token ${own} (expected two)`);
  }
  const difference = (logits: Float32Array): number =>
    (logits[other] ?? NaN) - (logits[own] ?? NaN);
  const [from, to] = [difference(recipient), difference(donor)];
  return (patched) => {
    if (!patched) throw new Error('causal: the decoder left a patched row out');
    const token = greedy(patched);
    return {
      effect: (difference(patched) - from) / (to - from),
      switched: switches(token),
      taken: token === other,
    };
  };
}

/** The id of the largest logit, the lowest of equals. */
export function greedy(logits: Float32Array): number {
  return logits.reduce((best, value, id) => (value > (logits[best] ?? -Infinity) ? id : best), 0);
}
