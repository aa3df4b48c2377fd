/** One evaluation: systems over problems, then the corrector over recorded sentences. */
import { createAligner } from '../../align/aligner.js';
import { createCorrector } from '../../align/corrector.js';
import { createLocalUpstream } from '../../align/upstream.js';
import { problemById } from '../../data/problems.js';
import { annotate, isRight } from '../../data/solver.js';
import type { AnnotatedQuadruple, Problem } from '../../data/types.js';
import type { LanguageModel } from '../../runtime/decoder.js';
import { correctQuadruples, type CorrectionRecord } from './correctorRates.js';
import { evaluate, type EvaluateRecord } from './evaluate.js';
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

export type EvaluationRecord = EvaluateRecord | CorrectionRecord;

export interface EvaluationOptions {
  systems: readonly SystemKind[];
  upstream: LanguageModel;
  corrector: LanguageModel;
  /** Needed for the system `aligner`. */
  aligner?: LanguageModel;
  /** Needed for the system `proxy`: the upstream, loaded with its proxy, and the expert's name. */
  proxy?: { tuned: LanguageModel; expert: string };
  problems: readonly Problem[];
  /** Recorded sentences for the corrector's own rates. */
  quadruples: readonly AnnotatedQuadruple[];
  /** Most rounds of the loop. Default 16. */
  maxRounds?: number;
  /** Problems that are timed one by one. Default 20. */
  timed?: number;
  done?: readonly EvaluationRecord[];
  onProgress?: (phase: 'systems' | 'sentences', done: number, total: number) => void;
  signal?: AbortSignal;
}

/** The exact solver as a judge. */
export const solverJudge = { isRight, annotate };

/** Yields the records that are missing; returns all of them. @throws where the aligner is asked for and there is none. */
export async function* runEvaluation(
  options: EvaluationOptions,
): AsyncGenerator<EvaluationRecord, EvaluationRecord[]> {
  const { problems, quadruples, onProgress, signal } = options;
  const done = options.done ?? [];
  const all = [...done];
  const systems = makeSystems(options);
  const timed = Math.min(options.timed ?? 20, problems.length);
  const answers = done.filter((record) => record.kind !== 'correction');
  const corrections = done.filter((record) => record.kind === 'correction');
  const upstream = createLocalUpstream({ model: options.upstream });
  const shared = { judge: solverJudge, ...(signal && { signal }) };
  let count = answers.length;
  const total = systems.length * (problems.length + timed);
  for await (const record of evaluate({
    ...shared,
    systems,
    upstream,
    problems,
    timed,
    done: answers,
  })) {
    all.push(record);
    yield record;
    onProgress?.('systems', ++count, total);
  }
  count = corrections.length;
  const corrector = createCorrector({ model: options.corrector });
  const sentences = { ...shared, corrector, quadruples, problemOf: problemById, done: corrections };
  for await (const record of correctQuadruples(sentences)) {
    all.push(record);
    yield record;
    onProgress?.('sentences', ++count, quadruples.length);
  }
  return all;
}

function makeSystems(options: EvaluationOptions): System[] {
  const corrector = createCorrector({ model: options.corrector });
  const { maxRounds = 16 } = options;
  const makers: Record<SystemKind, () => System> = {
    upstream: upstreamSystem,
    stream: () => streamSystem({ corrector, maxRounds }),
    'corrector-alone': () => correctorAloneSystem({ corrector, maxRounds }),
    aligner: () => {
      if (options.aligner)
        return alignerSystem({ aligner: createAligner({ model: options.aligner }) });
      throw new Error('evaluate: the system aligner needs an Aligner; name one, or leave it out');
    },
    proxy: () => {
      if (!options.proxy) {
        throw new Error('evaluate: the system proxy needs an expert and an anti-expert; name both');
      }
      const { tuned, expert } = options.proxy;
      return proxySystem({ expert, upstream: createLocalUpstream({ model: tuned }) });
    },
  };
  return options.systems.map((kind) => makers[kind]());
}
