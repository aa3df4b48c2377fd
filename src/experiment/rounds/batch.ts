/**
 * All answers of all correctors to a batch of questions: the classic loop once, and from each prefix
 * it went through, both ways of writing on. Equal questions and prefixes are asked about once, also
 * by different correctors, whose prefixes are mostly the same.
 */
import { memoiseCorrector, memoiseUpstream } from '../../align/memo.js';
import type { ContinueWith, LoopEnds } from '../../align/loop.js';
import { alignAnswers, type AlignedAnswer } from '../../align/stream.js';
import { createSilentUpstream, type Upstream } from '../../align/upstream.js';
import type { Corrector } from '../../align/corrector.js';
import type { Question } from '../../data/types.js';
import { judgeRevisions, revisionsOf } from '../shared/revisions.js';
import type { Judges } from '../../judge/judgesFor.js';
import { isRefused } from '../answers/refused.js';
import { contextOf } from '../answers/systems.js';
import { judgeTexts } from './judge.js';
import type { RoundsAnswer, RoundsRecord } from './shape.js';

export interface NamedCorrector {
  /** In records and figures, e.g. `m-seed2`. */
  name: string;
  corrector: Corrector;
}

export interface RoundsBatchOptions extends Judges {
  upstream: Upstream;
  correctors: readonly NamedCorrector[];
  questions: readonly Question[];
  limits: LoopEnds;
  /** K */
  rounds: number;
  /** After each of {@link stepsOf} passes over the batch. */
  onStep: () => void;
  signal?: AbortSignal;
}

/** Passes over a batch: two per corrector, and the upstream's. */
export function stepsOf({ correctors }: Pick<RoundsBatchOptions, 'correctors'>): number {
  return 2 * correctors.length + 1;
}

/** Records by corrector, then by question. */
export async function roundsBatch(options: RoundsBatchOptions): Promise<RoundsRecord[]> {
  const { correctors, questions, signal } = options;
  const upstream = memoiseUpstream(options.upstream);
  const written: Written[] = [];
  for (const corrector of correctors) {
    written.push(await writeWith(corrector, { ...options, upstream }));
  }
  const places = written.flatMap((own) => own.places.flat());
  const rests = await upstream.finish(places, { signal });
  options.onStep();
  let at = 0;
  const all = written.flatMap(({ name, classic, places: own, alone }) =>
    questions.map((question, q): Answers => {
      const finished = (own[q] ?? []).map(({ prefix }) =>
        prefix.concat(rests[at++]?.text ?? missing(name, question)),
      );
      const loop = classic[q] ?? missing(name, question);
      return { name, question, loop, upstream: finished, corrector: alone[q] ?? [] };
    }),
  );
  return await judged(all, options);
}

/** What one corrector and the upstream wrote for one question. */
interface Answers extends Record<ContinueWith, readonly string[]> {
  name: string;
  question: Question;
  loop: AlignedAnswer;
}

async function judged(
  all: readonly Answers[],
  options: RoundsBatchOptions,
): Promise<RoundsRecord[]> {
  const texts = all.flatMap(({ question, loop, upstream, corrector }) =>
    [loop.text, ...upstream, ...corrector].map((text) => ({ question, text })),
  );
  const answerOf = await judgeTexts(texts, options);
  const revised = all.map(({ question, loop }) => ({
    question,
    revisions: revisionsOf(loop.rounds),
  }));
  const revisions = await judgeRevisions(revised, options);
  return all.map(({ name, question, loop, ...continued }, i) => {
    // Where the loop ended earlier, its answer.
    const upTo = (some: readonly string[]): RoundsAnswer[] =>
      Array.from({ length: options.rounds + 1 }, (_, k) => judgedText(some[k] ?? loop.text));
    const { text, stop, rounds } = loop;
    const ended = contextOf(loop);
    const refused = isRefused({ text, ...ended });
    const judgedText = (some: string): RoundsAnswer => {
      const answer = answerOf(question, some);
      return refused && some === '' ? { ...answer, right: null, score: null } : answer;
    };
    return {
      corrector: name,
      problem: question.id,
      group: question.group ?? null,
      classic: { ...judgedText(text), stop, rounds: rounds.length, ...ended },
      revisions: revisions[i] ?? [],
      continued: { upstream: upTo(continued.upstream), corrector: upTo(continued.corrector) },
    };
  });
}

/** Where an answer stands. */
interface Place {
  question: string;
  prefix: string;
}

/** What one corrector takes part in. */
interface Written {
  name: string;
  /** `[question]` */
  classic: AlignedAnswer[];
  /** `[question][k]`, as far as the loop went. */
  places: Place[][];
  /** `[question][k]`: from that place, the answer that the corrector writes on to. */
  alone: string[][];
}

async function writeWith(
  { name, corrector }: NamedCorrector,
  options: RoundsBatchOptions,
): Promise<Written> {
  const { upstream, questions, rounds, limits, onStep, signal } = options;
  const remembering = memoiseCorrector(corrector);
  // Without caches the rows of side-by-side batches may run on any copy of a model.
  const loop = { ...limits, corrector: remembering, caches: false, signal };
  const rows = questions.map(({ question }) => ({ question }));
  const classic = await alignAnswers({ ...loop, upstream, rows });
  onStep();
  const places = classic.map((answer) =>
    answer.rounds.slice(0, rounds + 1).map(({ prefix }) => ({ question: answer.question, prefix })),
  );
  const silent = createSilentUpstream();
  const answers = await alignAnswers({ ...loop, upstream: silent, rows: places.flat() });
  onStep();
  let at = 0;
  const alone = places.map((own) => own.map(() => answers[at++]?.text ?? ''));
  return { name, classic, places, alone };
}

function missing(corrector: string, question: Question): never {
  throw new Error(`rounds: no answer of ${corrector} to ${question.id} came back from its models`);
}
