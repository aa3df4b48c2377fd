/** Whether a scan tells copies from corrections better than the sentence alone does. */
import { bootstrapEffect, type Effect } from '../../math/effect.js';
import type { Random } from '../../math/random.js';
import { toldRight } from '../../read/accuracy.js';
import { baselineScores } from '../../read/baselines.js';
import { directionAt, takeHalf } from '../../read/directions.js';
import { layerScores } from '../../read/health.js';
import type { Half } from '../../read/stimuli.js';
import type { Reading } from '../shared/reading/readCorrector.js';

/** One stimulus: which readings give its label. */
export interface ToldRecord {
  kind: 'told';
  id: string;
  problem: string;
  half: Half;
  /** `[L]` */
  layers: boolean[];
  /** The baselines: y1's length, and its tokens. */
  length: boolean;
  embeddings: boolean;
}

/** Every stimulus, by the reading's own directions and by the baselines. */
export function toldRecords(
  reading: Pick<Reading, 'stimuli' | 'states' | 'directions'>,
  tokenize: (text: string) => readonly number[],
): ToldRecord[] {
  const { stimuli, states, directions } = reading;
  const [training, heldOut] = [
    takeHalf(stimuli, states, 'train'),
    takeHalf(stimuli, states, 'heldOut'),
  ];
  const layers = Array.from({ length: directions.layers }, (_, layer) =>
    toldRight(layerScores(directionAt(directions, layer), { training, heldOut, layer })),
  );
  const halves = { training: training.stimuli, heldOut: heldOut.stimuli, tokenize };
  const { length, embeddings } = baselineScores(halves);
  const told = { length: toldRight(length), embeddings: toldRight(embeddings) };
  return (['train', 'heldOut'] as const).flatMap((half) =>
    (half === 'train' ? training : heldOut).stimuli.map(({ id, problem }, i) => ({
      ...{ kind: 'told' as const, id, problem, half },
      layers: layers.map((row) => row[half][i] ?? false),
      length: told.length[half][i] ?? false,
      embeddings: told.embeddings[half][i] ?? false,
    })),
  );
}

/**
 * Held-out accuracy of the layer that tells best on the training half, minus that of the better
 * baseline; in shares, over problems. The baseline is the better one on each draw, which is hard on
 * the scan.
 */
export function overBaselines(records: readonly ToldRecord[], random: Random): Effect {
  const layer = bestTrainingLayer(records.filter(({ half }) => half === 'train'));
  const problems = byProblem(records.filter(({ half }) => half === 'heldOut')).map((stimuli) => ({
    n: stimuli.length,
    scan: stimuli.filter(({ layers }) => layers[layer]).length,
    length: stimuli.filter(({ length }) => length).length,
    embeddings: stimuli.filter(({ embeddings }) => embeddings).length,
  }));
  return bootstrapEffect({
    units: problems.length,
    random,
    statistic: (drawn) => {
      const sums = { n: 0, scan: 0, length: 0, embeddings: 0 };
      for (const unit of drawn) {
        const problem = problems[unit];
        sums.n += problem?.n ?? 0;
        sums.scan += problem?.scan ?? 0;
        sums.length += problem?.length ?? 0;
        sums.embeddings += problem?.embeddings ?? 0;
      }
      return sums.n === 0 ? null : (sums.scan - Math.max(sums.length, sums.embeddings)) / sums.n;
    },
  });
}

/** The first of the best. */
function bestTrainingLayer(records: readonly ToldRecord[]): number {
  const count = records[0]?.layers.length ?? 0;
  const right = Array.from(
    { length: count },
    (_, layer) => records.filter(({ layers }) => layers[layer]).length,
  );
  return right.indexOf(Math.max(...right));
}

/** In the order of the problems' names: records may come in another. */
function byProblem(records: readonly ToldRecord[]): ToldRecord[][] {
  const groups = new Map<string, ToldRecord[]>();
  for (const record of records) {
    groups.set(record.problem, [...(groups.get(record.problem) ?? []), record]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
