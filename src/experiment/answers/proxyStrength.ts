/**
 * How strongly an expert tunes the upstream (α of proxy-tuning): tried on validation problems, so that
 * the rival is as good as it can be made without looking at the test.
 */
import type { Upstream } from '../../align/upstream.js';
import { z } from 'zod';
import type { Question } from '../../data/types.js';
import { scoreAnswers } from '../../judge/scoreAnswers.js';
import type { Scorer } from '../../judge/scorer.js';
import { isRefused, unlessRefused } from './refused.js';
import type { Store } from '../../record/store.js';
import { batchesOf } from '../shared/batches.js';
import { judgesAre, whoIs } from '../shared/identities.js';
import { resume, type Unit } from '../shared/resume.js';
import { right } from '../shared/verdict.js';

/** An answer of the upstream tuned at one strength. */
export const strengthRecord = z.strictObject({
  expert: z.string(),
  alpha: z.number(),
  problem: z.string(),
  right,
  answer: z.string(),
});
export type StrengthRecord = z.infer<typeof strengthRecord>;

export interface StrengthOptions {
  /** Names, as records have them. */
  experts: readonly string[];
  alphas: readonly number[];
  questions: readonly Question[];
  /** Those with the most right answers by the first yes-or-no scorer are chosen. */
  scorers: readonly Scorer[];
  /** The upstream tuned by an expert; disposed when it has answered. */
  tune: (expert: string, alpha: number) => Promise<AsyncDisposable & { upstream: Upstream }>;
  /** Problems computed together. Default 32. */
  batchSize?: number;
  /** Batches that run side by side; useful with models in as many copies. Default 1. */
  atOnce?: number;
  /** Records of an earlier run of the same command. */
  done?: readonly StrengthRecord[];
  /** Where answers are kept for other runs. */
  store?: Store;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** The records that are missing: by expert, then strength, then question. @throws the signal's reason. */
export async function* tryStrengths(
  options: StrengthOptions,
): AsyncGenerator<StrengthRecord, void> {
  const { experts, alphas, questions, onProgress } = options;
  const total = experts.length * alphas.length * questions.length;
  const done = new Map((options.done ?? []).map((record) => [keyOf(record), record]));
  let count = done.size;
  for (const expert of experts) {
    for (const alpha of alphas) {
      for await (const record of answerAt({ expert, alpha }, done, options)) {
        yield record;
        onProgress?.(++count, total);
      }
    }
  }
}

function keyOf({ expert, alpha, problem }: Pick<StrengthRecord, 'expert' | 'alpha' | 'problem'>) {
  return JSON.stringify([expert, alpha, problem]);
}

async function* answerAt(
  at: { expert: string; alpha: number },
  done: Map<string, StrengthRecord>,
  options: StrengthOptions,
): AsyncGenerator<StrengthRecord, void> {
  const { questions, tune, batchSize = 32, atOnce, store, signal } = options;
  const keys = (some: readonly Question[]): string[] =>
    some.map(({ id }) => keyOf({ ...at, problem: id }));
  if (keys(questions).every((key) => done.has(key))) return;
  await using tuned = await tune(at.expert, at.alpha);
  const units = batchesOf(questions, batchSize).map((batch): Unit<StrengthRecord> => ({
    records: keys(batch),
    inputs: { ...at, batch },
    run: () => answerBatch(batch, at, { ...options, upstream: tuned.upstream }),
  }));
  const who = { upstream: whoIs(tuned.upstream), ...judgesAre({ scorers: options.scorers }) };
  const kept = {
    store,
    shape: strengthRecord,
    identity: { kind: 'strengths', version: 1, ...who },
  };
  yield* resume({ units, keyOf, done, atOnce, ...kept, signal });
}

async function answerBatch(
  questions: readonly Question[],
  at: { expert: string; alpha: number },
  { upstream, scorers, signal }: StrengthOptions & { upstream: Upstream },
): Promise<StrengthRecord[]> {
  const inputs = questions.map(({ question }) => ({ question, prefix: '' }));
  const texts = await upstream.finish(inputs, { signal });
  const items = questions.map((question, i) => {
    const answer = texts[i]?.text;
    if (answer === undefined) throw new Error(`proxy: no answer to ${question.id} came back`);
    return { question, answer, refused: isRefused(texts[i] ?? { text: answer }) };
  });
  const verdicts = await scoreAnswers(items, { scorers, signal });
  return items.map(({ question, answer, refused }, i) => {
    const { right } = unlessRefused(refused, verdicts[i]);
    return { ...at, problem: question.id, right, answer };
  });
}

/** The strength with the most right answers; of equals the weakest. @throws without a record. */
export function bestStrength(records: readonly StrengthRecord[], expert: string): number {
  const right = new Map<number, number>();
  for (const record of records) {
    if (record.expert !== expert) continue;
    right.set(record.alpha, (right.get(record.alpha) ?? 0) + Number(record.right ?? false));
  }
  const [best] = [...right].sort(([a, n], [b, m]) => m - n || Math.abs(a) - Math.abs(b));
  if (!best) throw new Error(`proxy: ${expert} was tried at no strength`);
  return best[0];
}
