/** Points of the curve: mean edit ratios at some coefficients, over prompts in units of work. */
import { z } from 'zod';
import type { Corrector } from '../../align/corrector.js';
import type { Upstream } from '../../align/upstream.js';
import type { QuestionSet } from '../../data/types.js';
import { yesNo, type Scorer } from '../../judge/scorer.js';
import { mean, standardDeviation } from '../../math/summary.js';
import type { Store } from '../../record/store.js';
import { fraction, numberOrNull } from '../../shape/pieces.js';
import { batchesOf } from '../shared/batches.js';
import { whoIs } from '../shared/identities.js';
import { resume, type Unit } from '../shared/resume.js';
import type { OnProgress } from '../shared/stages.js';
import type { SteeringKnob } from '../shared/steeringKnob.js';
import { createMeasure } from '../sweep/measure.js';
import { directionHash } from './file.js';
import { servedLimits } from './limits.js';
import type { CalibrationPoint } from './shape.js';

export interface Measured {
  corrector: Corrector;
  upstream: Upstream;
  knob: SteeringKnob;
  /** Where units are kept, so that an interrupted calibration goes on. Default: nowhere. */
  store?: Store | undefined;
  signal?: AbortSignal;
}

/** One answer at one coefficient: means over its rounds. */
const pointRecord = z.strictObject({
  problem: z.string(),
  coefficient: z.number(),
  editRatio: numberOrNull,
  copyRate: fraction,
});
type PointRecord = z.infer<typeof pointRecord>;

const keyOf = ({ problem, coefficient }: Pick<PointRecord, 'problem' | 'coefficient'>): string =>
  JSON.stringify([problem, coefficient]);

/** Prompts computed as one piece of work. */
const piece = 16;

/**
 * The means at some coefficients, in their order.
 * @throws where no prompt gives a value; the signal's reason between units.
 */
export async function pointsAt(
  coefficients: readonly number[],
  prompts: QuestionSet,
  how: Measured & { onProgress: OnProgress },
): Promise<Omit<CalibrationPoint, 'fitted'>[]> {
  const { store, signal, onProgress } = how;
  const done = new Map<string, PointRecord>();
  const units = batchesOf(prompts.questions, piece).map((some) => unitOf(some, coefficients, how));
  let ended = 0;
  const records = resume({
    ...{ units, keyOf, done, store, shape: pointRecord, identity: identityOf(how) },
    ...(signal && { signal }),
    onUnit: () => onProgress(++ended, units.length),
  });
  for await (const record of records) void record;
  return coefficients.map((coefficient) => {
    const values = prompts.questions.flatMap(({ id }) => done.get(keyOf({ problem: id, coefficient })) ?? []); // prettier-ignore
    return pointOf(coefficient, values, prompts.name);
  });
}

function unitOf(
  questions: QuestionSet['questions'],
  coefficients: readonly number[],
  how: Measured,
): Unit<PointRecord> {
  const problems = questions.map(({ id, question }) => ({ id, question, inputs: [] }));
  const places = problems.flatMap(({ id }) => coefficients.map((coefficient) => ({ problem: id, coefficient }))); // prettier-ignore
  return {
    records: places.map(keyOf),
    inputs: { problems, coefficients },
    run: async () => {
      const { knob } = how;
      const direction = knob.directions.vectors;
      // One that remembers no other unit, so that a resumed run computes the same batches.
      const outcomes = await measureOf(how)({ problems, coefficients, direction, unit: knob });
      return outcomes.flat().flatMap(({ editRatio, copyRate }, i) => {
        const place = places[i];
        return place ? [{ ...place, editRatio, copyRate: copyRate ?? 0 }] : [];
      });
    },
  };
}

function identityOf({ corrector, upstream, knob }: Measured): unknown {
  const { layers, unitValue, positions } = knob;
  return {
    ...{ kind: 'calibration', version: 1, limits: servedLimits },
    ...{ corrector: whoIs(corrector), upstream: whoIs(upstream) },
    steering: { sha256: directionHash(knob), layers, unitValue, positions },
  };
}

/** Nobody asks whether the answers are right. */
const unjudged: Scorer = {
  name: 'none',
  identity: 'none',
  unit: yesNo,
  better: 'higher',
  score: (items) => Promise.resolve(items.map(() => null)),
};

function measureOf({
  corrector,
  upstream,
  knob,
  signal,
}: Measured): ReturnType<typeof createMeasure> {
  return createMeasure({
    ...{ mode: 'loop', corrector, upstream, scorer: unjudged, limits: servedLimits },
    ...{ layers: knob.directions.layers, positions: knob.positions },
    ...(signal && { signal }),
  });
}

function pointOf(
  coefficient: number,
  records: readonly PointRecord[],
  prompts: string,
): Omit<CalibrationPoint, 'fitted'> {
  const edits: number[] = [];
  const copies: number[] = [];
  for (const { editRatio, copyRate } of records) {
    if (editRatio === null) continue;
    edits.push(editRatio);
    copies.push(copyRate);
  }
  if (edits.length === 0) {
    throw new Error(`calibrate: no answer to ${prompts} has a sentence at coefficient ${coefficient}; give other prompts`); // prettier-ignore
  }
  const sd = deviation(edits);
  return { coefficient, n: edits.length, mean: mean(edits), sd, copyRate: mean(copies) };
}

/** Of a sample. */
function deviation(values: readonly number[]): number {
  const n = values.length;
  return n < 2 ? 0 : standardDeviation(values) * Math.sqrt(n / (n - 1));
}
