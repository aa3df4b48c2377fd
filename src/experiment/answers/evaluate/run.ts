/** One evaluation: systems over questions, then the corrector over recorded sentences. */
import type { Aligner } from '../../../align/aligner.js';
import type { Corrector } from '../../../align/corrector.js';
import type { Upstream } from '../../../align/upstream.js';
import type { Question } from '../../../data/types.js';
import type { Judges } from '../../../judge/judgesFor.js';
import type { SystemKind } from './kinds.js';
import { correctQuadruples, type RecordedSentences } from './correctorRates.js';
import type { SteeringKnob } from '../../shared/steeringKnob.js';
import type { Store } from '../../../record/store.js';
import { answerQuestions, type AnswersPhase } from '../run.js';
import type { EvaluationRecord } from '../shape.js';
import {
  alignerSystem,
  correctorAloneSystem,
  proxySystem,
  streamSystem,
  upstreamSystem,
  type System,
} from '../systems.js';

export interface EvaluationOptions extends Judges {
  systems: readonly SystemKind[];
  upstream: Upstream;
  corrector: Corrector;
  /** Needed for the system `aligner`. */
  aligner?: Aligner;
  /** Needed for the system `proxy`: the tuned upstream and the expert's name. */
  proxy?: { upstream: Upstream; expert: string };
  questions: readonly Question[];
  /** For the corrector's own rates. Default: none. */
  recorded?: RecordedSentences;
  /** Steered loops beside the unsteered one, in the unit of a sweep. Default: none. */
  pushes?: { knob: SteeringKnob; coefficients: readonly number[] };
  /** Most rounds of the loop. Default 16. */
  maxRounds?: number;
  /** Questions that are timed one by one. Default 20. */
  timed?: number;
  done?: readonly EvaluationRecord[];
  /** Where answers and corrections, but no times, are kept for other runs. */
  store?: Store;
  onProgress?: (phase: AnswersPhase | 'sentences', done: number, total: number) => void;
  signal?: AbortSignal;
}

/**
 * Yields the records that are missing; returns all of them.
 * @throws where a system's model is not given; as {@link answerQuestions}.
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
  const answers = done.filter((record) => record.kind === 'answer' || record.kind === 'timing');
  for await (const record of answerQuestions({ ...options, systems, done: answers })) {
    if (record.kind !== 'samples') yield keep(record);
  }
  for await (const record of correctSentences(options)) yield keep(record);
  return all;
}

async function* correctSentences({
  recorded,
  corrector,
  done = [],
  store,
  onProgress,
  signal,
}: EvaluationOptions): AsyncGenerator<EvaluationRecord> {
  if (!recorded) return;
  const corrections = done.filter((record) => record.kind === 'correction');
  let count = corrections.length;
  const given = { ...recorded, corrector, done: corrections, store, signal };
  for await (const record of correctQuadruples(given)) {
    yield record;
    onProgress?.('sentences', ++count, recorded.quadruples.length);
  }
}

function makeSystems(options: EvaluationOptions): System[] {
  const { corrector, aligner, proxy, pushes, maxRounds = 16 } = options;
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
  const steered = pushes?.coefficients.map((coefficient) =>
    streamSystem({ corrector, maxRounds, push: { knob: pushes.knob, coefficient } }),
  );
  return [...options.systems.map((kind) => makers[kind]()), ...(steered ?? [])];
}
