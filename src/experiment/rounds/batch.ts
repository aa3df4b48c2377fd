/**
 * All answers of all correctors to a batch of problems: the classic loop once, and from each prefix
 * it went through, both ways of writing on. Equal questions and prefixes are asked about once, also
 * by different correctors, whose prefixes are mostly the same.
 */
import { memoiseCorrector, memoiseUpstream } from '../../align/memo.js';
import { joinSentences, type ContinueWith, type LoopEnds } from '../../align/loop.js';
import { alignAnswers, type AlignedAnswer } from '../../align/stream.js';
import { createSilentUpstream, type Upstream } from '../../align/upstream.js';
import type { Problem } from '../../data/types.js';
import { judgeRevision } from '../answers/evaluate.js';
import { judgeAnswer } from './answers.js';
import type { NamedCorrector, RoundsAnswer, RoundsJudge, RoundsRecord } from './types.js';

export interface RoundsBatchOptions {
  upstream: Upstream;
  correctors: readonly NamedCorrector[];
  problems: readonly Problem[];
  judge: RoundsJudge;
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

/** Records by corrector, then by problem. */
export async function roundsBatch(options: RoundsBatchOptions): Promise<RoundsRecord[]> {
  const upstream = memoiseUpstream(options.upstream);
  const written: Written[] = [];
  for (const corrector of options.correctors) {
    written.push(await writeWith(corrector, { ...options, upstream }));
  }
  const places = written.flatMap((of) => of.places.flat());
  const rests = await upstream.finish(places, signalOf(options));
  options.onStep();
  let at = 0;
  return written.flatMap(({ name, classic, places: of, alone }) =>
    options.problems.map((problem, p) => {
      const here = of[p] ?? [];
      const finished = here.map(({ prefix }) =>
        joinSentences(prefix, rests[at++]?.text ?? missing(name, problem)),
      );
      const answer = classic[p] ?? missing(name, problem);
      const texts = { upstream: finished, corrector: alone[p] ?? [] };
      return toRecord({ name, problem, answer, texts }, options);
    }),
  );
}

/** Where an answer stands. */
interface Place {
  question: string;
  prefix: string;
}

/** What one corrector takes part in. */
interface Written {
  name: string;
  /** `[problem]` */
  classic: AlignedAnswer[];
  /** `[problem][k]`, as far as the loop went. */
  places: Place[][];
  /** `[problem][k]`: from that place, the answer that the corrector writes on to. */
  alone: string[][];
}

async function writeWith(
  { name, corrector }: NamedCorrector,
  options: RoundsBatchOptions,
): Promise<Written> {
  const remembering = memoiseCorrector(corrector);
  // Without caches the rows of side-by-side batches may run on any copy of a model.
  const loop = { ...options.limits, corrector: remembering, caches: false };
  const { upstream, problems, rounds, onStep } = options;
  const rows = problems.map(({ question }) => ({ question }));
  const classic = await alignAnswers({ ...loop, ...signalOf(options), upstream, rows });
  onStep();
  const places = classic.map((answer) =>
    answer.rounds.slice(0, rounds + 1).map(({ prefix }) => ({ question: answer.question, prefix })),
  );
  const silent = createSilentUpstream();
  const from = places.flat();
  const answers = await alignAnswers({
    ...loop,
    ...signalOf(options),
    upstream: silent,
    rows: from,
  });
  onStep();
  let at = 0;
  const alone = places.map((of) => of.map(() => answers[at++]?.text ?? ''));
  return { name, classic, places, alone };
}

function toRecord(
  of: {
    name: string;
    problem: Problem;
    answer: AlignedAnswer;
    texts: Record<ContinueWith, readonly string[]>;
  },
  { judge, rounds }: RoundsBatchOptions,
): RoundsRecord {
  const { name, problem, answer, texts } = of;
  const judged = new Map<string, RoundsAnswer>();
  const judgeText = (text: string): RoundsAnswer => {
    const known = judged.get(text) ?? judgeAnswer(problem, text, judge);
    judged.set(text, known);
    return known;
  };
  const upTo = (some: readonly string[]): RoundsAnswer[] =>
    Array.from({ length: rounds + 1 }, (_, k) => judgeText(some[k] ?? answer.text));
  const { annotate } = judge;
  return {
    corrector: name,
    problem: problem.id,
    unseenFamily: problem.unseenFamily,
    classic: { ...judgeText(answer.text), stop: answer.stop, rounds: answer.rounds.length },
    revisions: answer.rounds.map(({ prefix, last, correction }) => {
      const revision = { prefix, last, correction };
      return annotate ? judgeRevision(problem, revision, { annotate }) : revision;
    }),
    continued: { upstream: upTo(texts.upstream), corrector: upTo(texts.corrector) },
  };
}

function signalOf({ signal }: Pick<RoundsBatchOptions, 'signal'>): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}

function missing(corrector: string, problem: Problem): never {
  throw new Error(`rounds: no answer of ${corrector} to ${problem.id} came back from its models`);
}
