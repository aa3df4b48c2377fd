/** `rounds.json`: answers by number of correction rounds, with intervals, from the records alone. */
import type { ContinueWith } from '../../align/loop.js';
import { bootstrapMeans } from '../../math/bootstrap.js';
import { rateOf } from '../../math/interval.js';
import type { Random } from '../../math/random.js';
import type { ScorerInfo } from '../../judge/scorer.js';
import { countNotes } from '../../text/notes.js';
import { summariseScores } from '../shared/scores.js';
import { answerAt, measured, type AnswerAt } from './effects.js';
import { scoreRule } from './judge.js';
import type {
  AnswersPoint,
  CorrectorRounds,
  MeanOver,
  RoundsAnswer,
  RoundsRecord,
  RoundsSummary,
} from './shape.js';

export interface RoundsSummaryOptions {
  upstream: string;
  /** Names, in the order in which they are shown. */
  correctors: readonly string[];
  /** Ids; records of other problems are left out. */
  problems: readonly string[];
  records: Iterable<RoundsRecord>;
  /** K */
  rounds: number;
  maxRounds: number;
  /** Those that judged the answers. Default: one, which said what is right. */
  scorers?: readonly ScorerInfo[];
  /** Draws the problems; the same ones for all correctors. */
  random: Random;
}

const readings: readonly ContinueWith[] = ['upstream', 'corrector'];

/** Upper ends of the bins of scores; a score of 1 has a bin of its own. */
const binEnds = [0, 0.25, 0.5, 0.75] as const;
const scoreBins = ['0', 'to ¼', 'to ½', 'to ¾', 'below 1', '1'];

/** Summarises the records of one run; a corrector without records has n = 0 everywhere. */
export function summariseRounds(options: RoundsSummaryOptions): RoundsSummary {
  const { upstream, correctors, rounds, maxRounds, problems, scorers = [] } = options;
  const records = new Map(
    Array.from(options.records, (record) => [
      JSON.stringify([record.corrector, record.problem]),
      record,
    ]),
  );
  return {
    ...{ upstream, rounds, maxRounds, scoreRule, scoreBins },
    correctors: correctors.map((name) => {
      const own = problems.flatMap((problem) => records.get(JSON.stringify([name, problem])) ?? []);
      const random = options.random.fork('draws');
      return summariseCorrector({ name, records: own, rounds, scorers, random });
    }),
  };
}

interface CorrectorRecords {
  name: string;
  records: readonly RoundsRecord[];
  rounds: number;
  scorers: readonly ScorerInfo[];
  random: Random;
}

function summariseCorrector(own: CorrectorRecords): CorrectorRounds {
  const { name, records, rounds } = own;
  const ks = Array.from({ length: rounds + 1 }, (_, k) => k);
  const places = readings.flatMap((continueWith) => ks.map((k) => ({ continueWith, k })));
  const points = pointsOf(['classic', ...places], own);
  const [classic = emptyPoint, ...others] = points;
  const [loop = noMean] = means(
    records.map((record) => [record.classic.rounds]),
    own.random,
  );
  const by = (reading: number): CorrectorRounds['continued']['upstream'] =>
    ks.flatMap((k) => {
      const point = others[reading * ks.length + k];
      return point ? [{ k, ...point }] : [];
    });
  const stops: Record<string, number> = {};
  for (const { classic: { stop } } of records) stops[stop] = (stops[stop] ?? 0) + 1; // prettier-ignore
  return {
    name,
    classic: { ...classic, rounds: loop, stops },
    continued: { upstream: by(0), corrector: by(1) },
    settled: {
      upstream: settledAt(records, { ks, continueWith: 'upstream' }),
      corrector: settledAt(records, { ks, continueWith: 'corrector' }),
    },
    notes: countNotes(records.flatMap(({ revisions }) => revisions)),
  };
}

/** The least k from which on every answer is the classic one's. */
function settledAt(
  records: readonly RoundsRecord[],
  { ks, continueWith }: { ks: readonly number[]; continueWith: ContinueWith },
): number | null {
  const open = ks.filter((k) =>
    records.some((record) => answerAt(record, { continueWith, k }).text !== record.classic.text),
  );
  const first = (open.at(-1) ?? -1) + 1;
  return first < ks.length ? first : null;
}

const noMean: MeanOver = { mean: null, ci: null };
const noMeans = { gain: noMean, score: noMean, characters: noMean, sentences: noMean };
const emptyPoint: AnswersPoint = { n: 0, accuracy: null, ci: null, ...noMeans, scoreShares: null };

/** The answers at each place; the same problems are drawn for all of them. */
function pointsOf(places: readonly AnswerAt[], own: CorrectorRecords): AnswersPoint[] {
  const { records } = own;
  const rows = records.map((record) => {
    const alone = answerAt(record, { continueWith: 'upstream', k: 0 });
    return places.flatMap((at) => numbersOf(answerAt(record, at), alone));
  });
  const columns = means(rows, own.random);
  return places.map((at, place) => {
    const answers = records.map((record) => answerAt(record, at));
    const judged = answers.filter((answer) => answer.right !== null);
    const right = judged.filter((answer) => answer.right).length;
    const { rate: accuracy, ci } = rateOf(right, judged.length);
    const [gain = noMean, score = noMean, characters = noMean, sentences = noMean] = columns.slice(
      4 * place,
    );
    const scoreShares = sharesOf(answers);
    return {
      ...{ n: judged.length, accuracy, ci, gain, score, scoreShares, characters, sentences },
      ...summariseScores(answers, own),
    };
  });
}

/** Gain, score, characters, sentences. */
function numbersOf(answer: RoundsAnswer, alone: RoundsAnswer): number[] {
  const gain = (measured(answer, 'right') ?? NaN) - (measured(alone, 'right') ?? NaN);
  return [gain, measured(answer, 'score') ?? NaN, answer.characters, answer.sentences];
}

function means(rows: readonly (readonly number[])[], random: Random): MeanOver[] {
  const columns = rows[0]?.length ?? 0;
  if (columns === 0) return [];
  const values = Float64Array.from(rows.flat());
  const table = { values, units: rows.length, columns };
  return bootstrapMeans({ ...table, random: random.fork('means') }).map(({ mean, ci }) => ({
    mean,
    ci,
  }));
}

/** Share of the answers in each bin of scores; null where an answer has none. */
function sharesOf(answers: readonly RoundsAnswer[]): number[] | null {
  const scores = answers.flatMap(({ score }) => (score === null ? [] : [score]));
  if (scores.length === 0 || scores.length < answers.length) return null;
  const counts = scoreBins.map(() => 0);
  for (const score of scores) {
    const bin = binOf(score);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts.map((count) => count / scores.length);
}

function binOf(score: number): number {
  if (score >= 1) return scoreBins.length - 1;
  const bin = binEnds.findIndex((end) => score <= end);
  return bin < 0 ? binEnds.length : bin;
}
