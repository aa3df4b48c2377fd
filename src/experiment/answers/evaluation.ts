/** One evaluation: systems over questions, then the corrector over recorded sentences. */
import type { Aligner } from '../../align/aligner.js';
import type { Corrector } from '../../align/corrector.js';
import type { Upstream } from '../../align/upstream.js';
import type { AnnotatedQuadruple, Question } from '../../data/types.js';
import type { Scorer } from '../../judge/scorer.js';
import type { SentenceJudge } from '../../judge/sentences.js';
import { correctQuadruples } from './correctorRates.js';
import { answerQuestions, type AnswersPhase } from './run.js';
import type { EvaluationRecord } from './shape.js';
import {
  alignerSystem,
  correctorAloneSystem,
  proxySystem,
  streamSystem,
  upstreamSystem,
  type System,
} from './systems.js';

/** What can be compared; the upstream alone is what fixes and breaks are counted against. */
export const systemKinds = ['upstream', 'stream', 'corrector-alone', 'aligner', 'proxy'] as const;
export type SystemKind = (typeof systemKinds)[number];

export interface EvaluationOptions {
  systems: readonly SystemKind[];
  upstream: Upstream;
  corrector: Corrector;
  /** Needed for the system `aligner`. */
  aligner?: Aligner;
  /** Needed for the system `proxy`: the tuned upstream and the expert's name. */
  proxy?: { upstream: Upstream; expert: string };
  questions: readonly Question[];
  /** The first whose values are true and false gives the accuracy. */
  scorers: readonly Scorer[];
  /** Needed for recorded sentences; also judges the rounds of loops. */
  sentences?: SentenceJudge;
  /** Recorded sentences for the corrector's own rates. Default: none. */
  quadruples?: readonly AnnotatedQuadruple[];
  /** As in {@link import('./correctorRates.js').CorrectorRatesOptions}. */
  questionOf?: (id: string) => Question;
  /** Most rounds of the loop. Default 16. */
  maxRounds?: number;
  /** Questions that are timed one by one. Default 20. */
  timed?: number;
  done?: readonly EvaluationRecord[];
  onProgress?: (phase: AnswersPhase | 'sentences', done: number, total: number) => void;
  signal?: AbortSignal;
}

/**
 * Yields the records that are missing; returns all of them.
 * @throws where a system's model, or a judge of the sentences, is not given; the signal's reason.
 */
export async function* runEvaluation(
  options: EvaluationOptions,
): AsyncGenerator<EvaluationRecord, EvaluationRecord[]> {
  const { done = [] } = options;
  const all = [...done];
  const keep = (record: EvaluationRecord): EvaluationRecord => {
    all.push(record);
    return record;
  };
  const systems = makeSystems(options);
  const answers = done.filter((record) => record.kind !== 'correction');
  for await (const record of answerQuestions({ ...options, systems, done: answers })) {
    if (record.kind !== 'samples') yield keep(record);
  }
  for await (const record of correctSentences(options)) yield keep(record);
  return all;
}

async function* correctSentences(options: EvaluationOptions): AsyncGenerator<EvaluationRecord> {
  const { quadruples = [], sentences, onProgress } = options;
  if (quadruples.length === 0) return;
  if (!sentences) {
    throw new Error('evaluate: recorded sentences need a judge of sentences; or leave them out');
  }
  const done = (options.done ?? []).filter((record) => record.kind === 'correction');
  let count = done.length;
  for await (const record of correctQuadruples({ ...options, quadruples, sentences, done })) {
    yield record;
    onProgress?.('sentences', ++count, quadruples.length);
  }
}

function makeSystems(options: EvaluationOptions): System[] {
  const { corrector, aligner, proxy, maxRounds = 16 } = options;
  const makers: Record<SystemKind, () => System> = {
    upstream: upstreamSystem,
    stream: () => streamSystem({ corrector, maxRounds }),
    'corrector-alone': () => correctorAloneSystem({ corrector, maxRounds }),
    aligner: () => {
      if (aligner) return alignerSystem({ aligner });
      throw new Error('evaluate: the system aligner needs an Aligner; name one, or leave it out');
    },
    proxy: () => {
      if (proxy) return proxySystem(proxy);
      throw new Error('evaluate: the system proxy needs an expert and an anti-expert; name both');
    },
  };
  return options.systems.map((kind) => makers[kind]());
}
