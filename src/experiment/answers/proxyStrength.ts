/**
 * How strongly an expert tunes the upstream (α of proxy-tuning): tried on validation problems, so that
 * the rival is as good as it can be made without looking at the test.
 */
import type { Upstream } from '../../align/upstream.js';
import type { Problem } from '../../data/types.js';
import { batchesOf, sideBySide } from '../shared/batches.js';
import type { Judge } from './evaluate.js';

/** An answer of the upstream tuned at one strength. */
export interface StrengthRecord {
  expert: string;
  alpha: number;
  problem: string;
  right: boolean;
  answer: string;
}

export interface StrengthOptions {
  /** Names, as records have them. */
  experts: readonly string[];
  alphas: readonly number[];
  problems: readonly Problem[];
  judge: Pick<Judge, 'isRight'>;
  /** The upstream tuned by an expert; disposed when it has answered. */
  tune: (expert: string, alpha: number) => Promise<AsyncDisposable & { upstream: Upstream }>;
  /** Problems computed together. Default 32. */
  batchSize?: number;
  /** Batches that run side by side; useful with models in as many copies. Default 1. */
  atOnce?: number;
  /** Records of an earlier run of the same command. */
  done?: readonly StrengthRecord[];
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** The records that are missing: by expert, then strength, then problem. @throws the signal's reason. */
export async function* tryStrengths(
  options: StrengthOptions,
): AsyncGenerator<StrengthRecord, void> {
  const { experts, alphas, problems, onProgress } = options;
  const total = experts.length * alphas.length * problems.length;
  let count = options.done?.length ?? 0;
  for (const expert of experts) {
    for (const alpha of alphas) {
      for await (const record of answerAt(expert, alpha, options)) {
        yield record;
        onProgress?.(++count, total);
      }
    }
  }
}

async function* answerAt(
  expert: string,
  alpha: number,
  options: StrengthOptions,
): AsyncGenerator<StrengthRecord, void> {
  const { problems, judge, tune, batchSize = 32, atOnce = 1, done = [], signal } = options;
  const own = done.filter((record) => record.expert === expert && record.alpha === alpha);
  const known = new Set(own.map(({ problem }) => problem));
  const open = batchesOf(problems, batchSize).filter((of) => of.some(({ id }) => !known.has(id)));
  if (open.length === 0) return;
  await using tuned = await tune(expert, alpha);
  const work = async (batch: readonly Problem[]): Promise<StrengthRecord[]> => {
    signal?.throwIfAborted();
    const inputs = batch.map(({ question }) => ({ question, prefix: '' }));
    const texts = await tuned.upstream.finish(inputs, signal ? { signal } : {});
    return batch.map((problem, i) => {
      const answer = texts[i]?.text;
      if (answer === undefined) throw new Error(`proxy: no answer to ${problem.id} came back`);
      const right = judge.isRight(problem, answer);
      return { expert, alpha, problem: problem.id, right, answer };
    });
  };
  for await (const records of sideBySide({ items: open, atOnce, work })) {
    yield* records.filter(({ problem }) => !known.has(problem));
  }
}

/** The strength with the most right answers; of equals the weakest. @throws without a record. */
export function bestStrength(records: readonly StrengthRecord[], expert: string): number {
  const right = new Map<number, number>();
  for (const record of records) {
    if (record.expert !== expert) continue;
    right.set(record.alpha, (right.get(record.alpha) ?? 0) + Number(record.right));
  }
  const [best] = [...right].sort(([a, n], [b, m]) => m - n || Math.abs(a) - Math.abs(b));
  if (!best) throw new Error(`proxy: ${expert} was tried at no strength`);
  return best[0];
}
