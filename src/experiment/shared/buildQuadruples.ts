/**
 * Quadruples from any upstream and an annotator: the loop of the paper with the annotator in the
 * corrector's place, so that later sentences are written behind corrected ones.
 */
import { alignAnswers } from '../../align/stream.js';
import { correctorFromFunction } from '../../align/functions.js';
import type { LoopEnds } from '../../align/loop.js';
import type { Passage } from '../../align/prompts.js';
import type { Annotator } from '../../align/served/annotator.js';
import type { ServedAnnotation } from '../../align/served/annotation.js';
import type { Upstream } from '../../align/upstream.js';
import type { Question } from '../../data/types.js';
import { cohensKappa } from '../../math/kappa.js';
import type { Store } from '../../record/store.js';
import { hasSentence } from '../../text/copied.js';
import { inPlace } from '../../text/seam.js';
import { batchesOf } from './batches.js';
import { whoIs } from './identities.js';
import { resume } from './resume.js';

/** A row: the official keys, and what the annotators said. */
export interface BuiltQuadruple {
  question: string;
  prefix: string;
  last: string;
  correction: string;
  problem: string;
  quality: ServedAnnotation['quality'];
  /** Of a second annotator on the same place. */
  second?: { quality: ServedAnnotation['quality']; correction: string } | null;
}

/** All of one question. */
interface BuiltAnswer {
  problem: string;
  rows: BuiltQuadruple[];
  /** Sentences on which the annotator gave no word that can be read; the answer ends there. */
  unread: number;
}

export interface BuildOptions {
  upstream: Upstream;
  annotator: Annotator;
  /** Annotates the same places, for agreement. */
  second?: Annotator | undefined;
  questions: readonly Pick<Question, 'id' | 'question'>[];
  limits?: LoopEnds;
  /** Questions together. Default 16. */
  batchSize?: number;
  store?: Store | undefined;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** Answers, in the order of the questions. @throws the signal's reason between batches. */
export async function* buildQuadruples(options: BuildOptions): AsyncGenerator<BuiltAnswer, void> {
  const { upstream, annotator, second, questions, store, signal, limits } = options;
  const units = batchesOf(questions, options.batchSize ?? 16).map((batch) => ({
    records: batch.map(({ id }) => id),
    inputs: { batch },
    run: () => buildBatch(batch, options),
  }));
  const who = { upstream: whoIs(upstream), annotator: whoIs(annotator), second: second && whoIs(second) }; // prettier-ignore
  let ended = 0;
  yield* resume<BuiltAnswer>({
    ...{ units, store, signal, done: new Map<string, BuiltAnswer>() },
    keyOf: ({ problem }) => problem,
    identity: { kind: 'built quadruples', version: 1, ...who, limits },
    onUnit: ({ records }) => options.onProgress?.((ended += records.length), questions.length),
  });
}

async function buildBatch(
  batch: readonly Pick<Question, 'id' | 'question'>[],
  { upstream, annotator, second, limits, signal }: BuildOptions,
): Promise<BuiltAnswer[]> {
  const words = new Map<string, ServedAnnotation | null>();
  /** Places behind which the annotator called the answer complete. */
  const complete = new Set<string>();
  const corrector = correctorFromFunction({
    name: annotator.name,
    identity: annotator.identity,
    correct: async (passages, ending) => {
      const open = passages.filter((at) => hasSentence(at.last) && !complete.has(placeOf(at)));
      const given = await annotator.annotate(open, ending);
      open.forEach((at, i) => words.set(keyOf(at), given[i] ?? null));
      return passages.map((at) => {
        const word = words.get(keyOf(at));
        // What is no sentence is nobody's to judge, and stays.
        if (!word) return complete.has(placeOf(at)) || hasSentence(at.last) ? '' : at.last;
        const prefix = at.prefix + inPlace(at.prefix, { last: at.last, correction: word.revision });
        if (word.end) complete.add(placeOf({ ...at, prefix }));
        return word.revision;
      });
    },
  });
  const rows = batch.map(({ question }) => ({ question }));
  const answers = await alignAnswers({ ...limits, upstream, corrector, rows, ...(signal && { signal }) }); // prettier-ignore
  const built = answers.map(({ question, rounds }, i): BuiltAnswer => {
    const places = rounds.filter(({ finish, last }) => finish !== 'context' && hasSentence(last));
    const kept = places.flatMap(({ prefix, last, correction }): BuiltQuadruple[] => {
      const at = { question, prefix, last };
      const word = words.get(keyOf(at));
      const surplus = complete.has(placeOf(at));
      if (!word && !surplus) return [];
      const quality = word?.quality ?? 'bad';
      return [{ ...at, correction: surplus ? '' : correction, problem: batch[i]?.id ?? '', quality }]; // prettier-ignore
    });
    return { problem: batch[i]?.id ?? '', rows: kept, unread: places.length - kept.length };
  });
  if (second) await annotateAgain(built, second, signal);
  return built;
}

async function annotateAgain(
  built: readonly BuiltAnswer[],
  second: Annotator,
  signal: AbortSignal | undefined,
): Promise<void> {
  const rows = built.flatMap((answer) => answer.rows);
  const given = await second.annotate(rows, signal ? { signal } : {});
  rows.forEach((row, i) => {
    const word = given[i];
    row.second = word ? { quality: word.quality, correction: word.revision } : null;
  });
}

function keyOf({ question, prefix, last }: Passage): string {
  return JSON.stringify([question, prefix, last]);
}

function placeOf({ question, prefix }: Omit<Passage, 'last'>): string {
  return JSON.stringify([question, prefix]);
}

/** What there is to say of a built set. */
export interface BuildCounts {
  questions: number;
  rows: number;
  /** Sentences without a word that can be read. */
  unread: number;
  good: number;
  neutral: number;
  bad: number;
  /** Corrections that say that the answer is complete. */
  ended: number;
  /** Of two annotators: n places, how often they give one quality, and Cohen's kappa of that. */
  agreement: { n: number; quality: number; kappa: number | null; copying: number } | null;
}

export function countBuilt(answers: readonly BuiltAnswer[]): BuildCounts {
  const rows = answers.flatMap((answer) => answer.rows);
  const of = (quality: BuiltQuadruple['quality']): number =>
    rows.filter((row) => row.quality === quality).length;
  const twice = rows.flatMap((row) => (row.second ? [{ row, second: row.second }] : []));
  const n = twice.length;
  const copies = (row: { last: string }, correction: string): boolean => row.last.trim() === correction.trim(); // prettier-ignore
  return {
    questions: answers.length,
    rows: rows.length,
    unread: answers.reduce((sum, { unread }) => sum + unread, 0),
    ...{ good: of('good'), neutral: of('neutral'), bad: of('bad') },
    ended: rows.filter(({ correction }) => correction === '').length,
    agreement:
      n === 0
        ? null
        : {
            n,
            quality: twice.filter(({ row, second }) => row.quality === second.quality).length / n,
            kappa: cohensKappa(twice.map(({ row, second }) => [row.quality, second.quality])),
            copying: twice.filter(({ row, second }) => copies(row, row.correction) === copies(row, second.correction)).length / n, // prettier-ignore
          },
  };
}
