/**
 * The LAT scan: readings of the first output tokens at every layer, for a case of either label side
 * by side, their mean over many cases, and a teacher-forced comparison in which both see
 * the same output tokens, so that token identity cannot pose as a decision.
 *
 * After Zou et al. 2023 (RepE) and Aligner (arXiv 2402.02416, Figure 4); unlike there, layer 0 is
 * the first block, readings are standardised per layer, and the sign is the labels'.
 */
import type { Interval } from '../math/interval.js';
import { createRandom, type Random } from '../math/random.js';
import { mean, median } from '../math/summary.js';
import type { Device, LanguageModel } from '../runtime/decoder.js';
import { isBegunAgain, isWrittenAgain, sentenceAsWritten } from '../text/copied.js';
import type { Directions } from './directions.js';
import { meanActivity, type Activity } from './activity.js';
import { compareForced, type ForcedDifference } from './forced.js';
import type { Health, LayerHealth } from './healthTypes.js';
import { readFree, type LabelledRun, type ReadOptions } from './readings.js';
import {
  applyScale,
  balancedScale,
  boundaryScale,
  identityScale,
  layerReadings,
  type Scale,
  type Standardize,
} from './standardize.js';
import {
  bothLabels,
  classNames,
  isGiven,
  pairOf,
  wordingOf,
  type Label,
  type LabelNames,
  type Stimulus,
} from './stimuli.js';
import { UsageError } from '../text/usageError.js';
import { tokenText } from '../runtime/tokenText.js';

/** The summary `scan.json`; every key is part of the interface. */
export interface Scan {
  model: string;
  device: Device;
  /** L */
  layers: number;
  /** Output tokens asked for. */
  tokens: number;
  standardize: Standardize;
  direction: {
    method: string;
    /** Shown = (projection − centre) ÷ spread, per layer; zero and one where not standardised. */
    scale: Scale;
    /** Likewise for the boundary token: zero is the threshold between the labels. */
    boundaryScale: Scale;
  };
  /** How the cases were chosen, in words. */
  caseRule: string;
  /** What the labels are called, where they were given. */
  labels?: LabelNames;
  perLayer: ({ layer: number } & HeldOut)[];
  cases: ScanCase[];
  /** Each label over its own output tokens. */
  activity: Activity[];
  /** Both over the same output tokens. */
  teacherForced: Activity[];
  baselines: Record<'length' | 'embeddings', HeldOut>;
  health: ScanHealth;
  /** Milliseconds. */
  timing: { readings: number; forced: number; total: number };
}

export interface HeldOut {
  heldOutAccuracy: number;
  ci: Interval | null;
  auc: number | null;
}

/** What a reader needs to judge the direction by. */
export type ScanHealth = Pick<Health, 'bestLayer' | 'methods' | 'warnings'> & {
  perLayer: Pick<LayerHealth, 'layer' | 'explainedVariance' | 'cosines' | 'withinKind'>[];
  /** Positive − negative label over the same output tokens, with intervals over pairs. */
  teacherForcedDifference: ForcedDifference[];
  /**
   * Runs whose output contradicts the stimulus's stored label (expected 0); and those whose y1 the
   * model's tokenizer cannot write, where there are any.
   */
  labels: { checked: number; contradicted: number; unwritable?: number };
};

export interface ScanCase {
  id: string;
  label: Label;
  /** Output tokens as text. */
  tokens: string[];
  /** `[layer][token]` */
  readings: number[][];
  /** `[layer]`, at the boundary token, where the accuracy is measured; see `direction.boundaryScale`. */
  boundary?: number[];
  /** What the model read: question, prefix and y1; or a text; or the words of a chat. */
  input: { question: string; prefix: string; last: string } | { text: string };
  /** y2 of a corrector, whole. */
  output?: string;
}

export interface ScanOptions {
  model: LanguageModel;
  stimuli: readonly Stimulus[];
  /** What given labels are called. Default: positive and negative. */
  names?: LabelNames;
  /** A stimulus as tokens. */
  prompt: (stimulus: Stimulus) => readonly number[];
  directions: Directions;
  health: Health;
  /** Default 20. */
  tokens?: number;
  /** Default `zscore`. */
  standardize?: Standardize;
  /** Ids of held-out stimuli to show. Default: one of each label. */
  cases?: readonly string[];
  /**
   * Ids of stimuli whose sentence is right afterwards. Of each label the first of them is shown, in
   * the order of the stimuli. Default: nobody judged.
   */
  right?: ReadonlySet<string>;
  /** Held-out runs per label. Default 64. */
  perLabel?: number;
  seed: number | string;
  /** Milliseconds. Default `performance.now`. */
  clock?: () => number;
  batchSize?: number;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** @throws where a case is unknown, a label has no held-out output, or a reading is not finite. */
export async function latScan(options: ScanOptions): Promise<Scan> {
  const { model, directions, health } = options;
  const { tokens = 20, standardize = 'zscore' } = options;
  const clock = options.clock ?? ((): number => performance.now());
  const random = createRandom(options.seed).fork('scan');
  const started = clock();
  const read = readOptions(options);
  const chosen = chooseStimuli(options, random.fork('runs'));
  const raw = await readFree({
    ...read,
    prompts: chosen.map(options.prompt),
    tokens,
    stop: model.tokenizer.endOfTurn,
  });
  const labelled = chosen.flatMap((stimulus, i): LabelledRun[] => {
    const run = raw[i];
    return run ? [{ stimulus, label: stimulus.label, run }] : [];
  });
  const scale =
    standardize === 'zscore'
      ? balancedScale(labelled, directions.layers)
      : identityScale(directions.layers);
  const atBoundary =
    standardize === 'zscore'
      ? boundaryScale(
          labelled,
          health.perLayer.map(({ threshold }) => threshold),
        )
      : identityScale(directions.layers);
  const runs = labelled.map((r) => ({ ...r, run: applyScale(r.run, scale) }));
  const readAt = clock();
  const forced = await compareForced({ ...options, read, scale, runs, random });
  const ended = clock();
  return {
    model: model.name,
    device: model.decoder.info.device,
    layers: directions.layers,
    tokens,
    standardize,
    direction: { method: directions.method, scale, boundaryScale: atBoundary },
    caseRule: caseRule(options),
    ...labelNames(options),
    perLayer: health.perLayer.map((layer) => ({ layer: layer.layer, ...heldOut(layer) })),
    cases: chooseCases(options, runs).map((run) => toCase(run, { model, atBoundary })),
    activity: activity(runs, directions.layers, random.fork('activity')),
    teacherForced: forced.activity,
    baselines: {
      length: heldOut(health.baselines.length),
      embeddings: heldOut(health.baselines.embeddings),
    },
    health: {
      bestLayer: health.bestLayer,
      methods: health.methods,
      warnings: health.warnings,
      perLayer: health.perLayer.map(({ layer, explainedVariance, cosines, withinKind }) => ({
        layer,
        explainedVariance,
        cosines,
        withinKind,
      })),
      teacherForcedDifference: forced.difference,
      labels: checkLabels(labelled, model),
    },
    timing: { readings: readAt - started, forced: ended - readAt, total: ended - started },
  };
}

function readOptions(options: ScanOptions): ReadOptions {
  const { batchSize, onProgress, signal } = options;
  return {
    decoder: options.model.decoder,
    directions: options.directions,
    cosine: options.standardize === 'cosine',
    ...{ batchSize, onProgress, signal },
  };
}

function labelNames({ stimuli, names = classNames }: ScanOptions): Pick<Scan, 'labels'> {
  return stimuli.some(isGiven) ? { labels: names } : {};
}

/** Held-out stimuli, as many of either label, and the cases asked for; pairs stay together. */
function chooseStimuli(options: ScanOptions, random: Random): Stimulus[] {
  const heldOut = options.stimuli.filter((s) => s.half === 'heldOut');
  const wanted = new Set(options.cases ?? []);
  for (const id of wanted) {
    if (!heldOut.some((s) => s.id === id)) {
      throw new UsageError(`scan: no held-out stimulus ${id} (expected one of ${heldOut.length})`);
    }
  }
  const drawn = (label: Label): Stimulus[] => {
    const all = random.fork(label).shuffle(heldOut.filter((s) => s.label === label));
    const first = all.filter((s) => wanted.has(s.id));
    return [...first, ...all.filter((s) => !wanted.has(s.id))];
  };
  const both = bothLabels(options.stimuli);
  const positive = drawn(both[0]);
  const negative = partnersFirst(drawn(both[1]), positive);
  const count = Math.min(options.perLabel ?? 64, positive.length, negative.length);
  const kept = (side: Stimulus[]): Stimulus[] =>
    side.filter((s, i) => i < count || wanted.has(s.id));
  return [...kept(positive), ...kept(negative)];
}

/** Those that have a pair, in the order of their partners; then the rest as it stands. */
function partnersFirst(side: readonly Stimulus[], others: readonly Stimulus[]): Stimulus[] {
  const byPair = new Map(side.map((s) => [pairOf(s), s]));
  byPair.delete(undefined);
  const partners = new Set(others.flatMap((s) => byPair.get(pairOf(s)) ?? []));
  return [...partners, ...side.filter((s) => !partners.has(s))];
}

/**
 * The cases asked for; else of each label the first run, in random order, with at least the median
 * number of tokens. An output that says one token over and over is no good example.
 */
function chooseCases(options: ScanOptions, runs: readonly LabelledRun[]): LabelledRun[] {
  if (options.cases && options.cases.length > 0) {
    return options.cases.flatMap((id) => runs.filter((r) => r.stimulus.id === id));
  }
  const { right, stimuli } = options;
  if (right) {
    const order = new Map(stimuli.map(({ id }, i) => [id, i]));
    const place = ({ stimulus }: LabelledRun): number => order.get(stimulus.id) ?? Infinity;
    const inOrder = [...runs].sort((a, b) => place(a) - place(b));
    return bothLabels(runs).flatMap((label) => {
      const own = inOrder.filter((r) => r.label === label && r.run.tokens.length > 0);
      const good = own.filter((r) => right.has(r.stimulus.id));
      return (good.length > 0 ? good : own).slice(0, 1);
    });
  }
  return bothLabels(runs).flatMap((label) => {
    const own = runs.filter((r) => r.label === label && r.run.tokens.length > 0);
    const varied = own.filter((r) => !isMonotonous(r.run.tokens));
    const usable = varied.length > 0 ? varied : own;
    const least = usable.length > 0 ? median(usable.map((r) => r.run.tokens.length)) : 0;
    return usable.filter((r) => r.run.tokens.length >= least).slice(0, 1);
  });
}

function caseRule({ cases, right }: ScanOptions): string {
  if (cases && cases.length > 0) return 'asked for';
  return right
    ? 'of each label the first held-out stimulus, in the order of the stimuli, whose sentence is right afterwards'
    : 'of each label the first held-out run, in random order, with at least the median number of tokens';
}

/** More than half of the tokens are one and the same. */
function isMonotonous(tokens: readonly number[]): boolean {
  const counts = new Map<number, number>();
  for (const id of tokens) counts.set(id, (counts.get(id) ?? 0) + 1);
  return tokens.length > 2 && Math.max(...counts.values()) > tokens.length / 2;
}

function toCase(
  { stimulus, label, run }: LabelledRun,
  { model, atBoundary }: { model: LanguageModel; atBoundary: Scale },
): ScanCase {
  const { centre, spread } = atBoundary;
  const boundary = run.boundary && Array.from(run.boundary, (x, l) => (x - (centre[l] ?? 0)) / (spread[l] ?? 1)); // prettier-ignore
  const layers = run.tokens.length > 0 ? run.readings.length / run.tokens.length : 0;
  return {
    id: stimulus.id,
    label,
    tokens: run.tokens.map((id) => tokenText(model.tokenizer, id)),
    readings: Array.from({ length: layers }, (_, layer) => [...layerReadings(run, layer)]),
    ...(boundary?.every(Number.isFinite) && { boundary }),
    ...inputOf(stimulus),
  };
}

function inputOf(stimulus: Stimulus): Pick<ScanCase, 'input' | 'output'> {
  if (!('last' in stimulus)) return { input: { text: wordingOf(stimulus) } };
  const { question, prefix, last } = stimulus;
  const input = { question, prefix, last };
  return isGiven(stimulus) ? { input } : { input, output: stimulus.output };
}

function activity(runs: readonly LabelledRun[], layers: number, random: Random): Activity[] {
  return bothLabels(runs).map((label) => {
    const own = runs.filter((r) => r.label === label && r.run.tokens.length > 0);
    return meanActivity({
      label,
      values: own.map(({ run }) =>
        Array.from({ length: layers }, (_, layer) => mean(layerReadings(run, layer))),
      ),
      layers,
      random,
    });
  });
}

/**
 * A copy must begin as y1 does; any other output that *is* y1 belies `correct`. A given label says
 * nothing of the output.
 */
function checkLabels(runs: readonly LabelledRun[], model: LanguageModel): ScanHealth['labels'] {
  const checked = runs.flatMap(({ stimulus, run }) =>
    isGiven(stimulus) ? [] : [{ ...stimulus, run }],
  );
  const { tokenizer } = model;
  const contradicted = checked.filter(({ label, last, run }) => {
    const sentence = sentenceAsWritten(tokenizer, last);
    const written = { ids: run.tokens, text: tokenizer.decode(run.tokens) };
    if (label === 'correct') return isWrittenAgain(tokenizer, sentence, written);
    return !isBegunAgain(sentence, written);
  });
  const unwritable = checked.filter(({ last }) => !sentenceAsWritten(tokenizer, last).whole).length;
  return {
    ...{ checked: checked.length, contradicted: contradicted.length },
    ...(unwritable > 0 && { unwritable }),
  };
}

function heldOut({ heldOutAccuracy, ci, auc }: HeldOut): HeldOut {
  return { heldOutAccuracy, ci, auc };
}
