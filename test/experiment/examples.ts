/** Small summaries of plausible content, made by formula; what the schemas and figures are tried on. */
import type { Interval } from '../../src/math/interval.js';
import { createRandom } from '../../src/math/random.js';
import type { LayerEffects } from '../../src/experiment/causal/figures/effectMap.js';
import type { CausalSummary } from '../../src/experiment/causal/shape.js';
import type { LensSummary } from '../../src/experiment/lens/shape.js';
import type {
  CorrectorSummary,
  EvaluateSummary,
} from '../../src/experiment/answers/evaluate/shape.js';
import type {
  Activity,
  HealthSummary,
  MethodAccuracy,
  ScanSummary,
} from '../../src/experiment/scan/shape.js';
import type { ControlFit, SweepPoint, SweepSummary } from '../../src/experiment/sweep/shape.js';
import type { Behaviour } from '../../src/read/stimuli.js';

const around = (x: number, spread: number): Interval => [x - spread, x + spread];
const round = (x: number): number => Number(x.toFixed(4));

const layers = 6;
const words = {
  correct: ['<start>', 'She', ' has', ' 3', ' bags', ' of', ' 4', ':', ' 3', ' ×', ' 4', ' ='],
  copy: ['<start>', 'Tom', ' sells', ' 5', ' of', ' 9', ':', ' 9', ' -', ' 5', ' =', ' 4'],
};

function readings(label: Behaviour): number[][] {
  const random = createRandom(`readings ${label}`);
  const sign = label === 'correct' ? 1 : -1;
  return Array.from({ length: layers }, (_, layer) =>
    words[label].map((_, t) =>
      round(sign * 2.2 * Math.sin((layer + 1) / 2.2) * Math.exp(-t / 9) + 0.4 * random.normal()),
    ),
  );
}

function activity(label: Behaviour): Activity {
  const sign = label === 'correct' ? 1 : -1;
  const mean = Array.from({ length: layers }, (_, l) => round(sign * Math.sin((l + 1) / 2.2)));
  return { label, n: 40, mean, ci: mean.map((m) => around(m, 0.15)) };
}

function methodExample(method: string, at: number): MethodAccuracy {
  const perLayer = Array.from({ length: layers }, (_, layer) => {
    const heldOutAccuracy = round(0.5 + (0.3 + 0.06 * at) * Math.sin((layer + 1) / 2.4));
    return { layer, heldOutAccuracy, ci: around(heldOutAccuracy, 0.04) };
  });
  return { method, n: 128, perLayer };
}

export const scanExample: ScanSummary = {
  model: 'corrector-arithmetic-m',
  device: 'cpu',
  layers,
  tokens: 12,
  standardize: 'zscore',
  direction: { method: 'pca', stimuli: 256 },
  perLayer: Array.from({ length: layers }, (_, layer) => {
    const heldOutAccuracy = round(0.55 + 0.42 * Math.sin((layer + 1) / 2.4));
    return { layer, heldOutAccuracy, ci: around(heldOutAccuracy, 0.03), auc: heldOutAccuracy };
  }),
  cases: (['correct', 'copy'] as const).map((label) => ({
    id: `test-1-${label}`,
    label,
    tokens: words[label],
    readings: readings(label),
  })),
  timing: { load: 800, read: 2100, scan: 900 },
  baselines: {
    length: { heldOutAccuracy: 0.56, ci: [0.5, 0.62], auc: 0.57 },
    embeddings: { heldOutAccuracy: 0.61, ci: [0.55, 0.67], auc: 0.64 },
  },
  health: {
    warnings: [],
    bestLayer: 3,
    methods: ['pca', 'mean-difference', 'probe'].map(methodExample),
  },
  activity: [activity('correct'), activity('copy')],
};

const coefficients = Array.from({ length: 17 }, (_, i) => (i - 8) / 8);

function point(coefficient: number): SweepPoint {
  const mean = round(0.45 + 0.3 * Math.tanh(1.2 * coefficient));
  return {
    coefficient,
    n: 200,
    mean,
    ci: around(mean, 0.03),
    copyRate: round(0.6 - 0.35 * Math.tanh(coefficient)),
    lengthRatio: round(1 + 0.1 * coefficient),
    degenerate: round(0.01 + 0.03 * coefficient ** 4),
    accuracy: round(0.75 - 0.2 * coefficient ** 2),
  };
}

function controls(kind: string, n: number, strength: number): ControlFit[] {
  return Array.from({ length: n }, (_, seed) => {
    const random = createRandom(`${kind} ${seed}`);
    const slope = round(strength * random.normal());
    return {
      seed,
      cosine: round(0.08 * random.normal()),
      slope,
      intercept: round(0.45 + 0.01 * random.normal()),
      r2: round(random.next()),
      ci: around(slope, 0.02),
    };
  });
}

export const sweepExample: SweepSummary = {
  model: 'corrector-arithmetic-m',
  mode: 'loop',
  positions: 'prompt',
  method: 'pca',
  metric: 'editRatio',
  unit: 'added norm, in mean residual norms at the boundary token',
  unitValue: [11.25, 12.5],
  layers: [3, 4],
  seed: 1,
  fitRange: [-0.625, 0.625],
  baseline: 0.45,
  points: coefficients.map(point),
  fit: { slope: 0.31, intercept: 0.45, r2: 0.981, ci: [0.28, 0.34] },
  controls: { random: controls('random', 30, 0.02), shuffled: controls('shuffled', 1, 0.02) },
  rankCorrelation: 1,
  quadraticR2: 0.983,
  wholeGrid: {
    ...{ slope: 0.28, intercept: 0.45, r2: 0.95, ci: [0.26, 0.31] as Interval },
    ...{ quadraticR2: 0.951, rankCorrelation: 1 },
  },
  degenerateRule: 'a repeated 4-gram, or the length limit reached',
  validation: {
    ...{ mode: 'loop' as const, problems: 40, scale: 0.5, slope: 0.3, r2: 0.97 },
    ...{ points: [], windows: [], scales: [], warnings: [] },
  },
  warnings: [],
  paperGrid: [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5].map(point),
};

const unrated = { fixRate: null, fixRateCi: null, breakRate: null, breakRateCi: null };

export const evaluateExample: EvaluateSummary = {
  systems: [
    {
      name: 'upstream',
      ...{ n: 1000, accuracy: 0.48, ci: [0.449, 0.511], ...unrated },
      ...{ copyRate: null, copyRateCi: null, revisions: 0, stops: { 'end-of-answer': 1000 } },
      ...{ msPerToken: 2.1, firstTokenMs: 14, gains: [] },
      groups: [{ group: 'unseen', n: 120, accuracy: 0.3, ci: [0.22, 0.39], ...unrated }],
    },
    {
      name: 'stream-corrector-arithmetic-m',
      ...{ n: 1000, accuracy: 0.81, ci: [0.785, 0.833] },
      ...{ fixRate: 0.7, fixRateCi: [0.66, 0.74], breakRate: 0.05, breakRateCi: null },
      ...{ copyRate: 0.66, copyRateCi: null, revisions: 4.6, stops: { 'empty-correction': 1000 } },
      ...{ msPerToken: 4.4, firstTokenMs: 60 },
      gains: [{ over: 'upstream', n: 1000, gain: 0.33, ci: [0.3, 0.36] }],
      groups: [],
    },
  ],
};

const rateExample = { rate: 0.97, n: 400, ci: [0.949, 0.983] as Interval };

const correctorRates = {
  goodCopied: rateExample,
  badFixed: { rate: 0.86, n: 300, ci: [0.816, 0.895] as Interval },
  ...{ neutralImproved: noRate(), surplusStopped: noRate(), missingWritten: noRate() },
  ...{ badCopied: noRate(), goodBroken: noRate() },
};

function noRate(): { rate: null; n: number; ci: null } {
  return { rate: null, n: 0, ci: null };
}

export const correctorExample: CorrectorSummary = {
  ...{ model: 'corrector-arithmetic-m', n: 1000, ...correctorRates },
  byFault: { 'wrong-result': rateExample },
  groups: [{ group: 'seen', ...correctorRates }],
};

const { baselines = { length: none(), embeddings: none() }, perLayer } = scanExample;

function none(): { heldOutAccuracy: null; ci: null; auc: null } {
  return { heldOutAccuracy: null, ci: null, auc: null };
}

export const healthExample: HealthSummary = {
  model: 'corrector-arithmetic-m',
  stimuli: 256,
  method: 'pca',
  perLayer: perLayer.map((layer) => ({
    ...layer,
    threshold: 0.1,
    aucCi: layer.ci,
    withinKind: { good: { n: 40, accuracy: 0.9 }, 'wrong-result': { n: 24, accuracy: 0.75 } },
    explainedVariance: 0.3,
    cosines: { pca: 1, 'mean-difference': 0.93, probe: 0.8 },
  })),
  bestLayer: 3,
  baselines,
  methods: ['pca', 'mean-difference', 'probe'].map(methodExample),
  warnings: [],
};

export const effectsExample: LayerEffects = {
  metric: 'editRatio',
  baseline: 0.45,
  unit: 'a quarter of the mean residual norm',
  layers: [2, 3, 5],
  coefficients: [-1, -0.5, 0, 0.5, 1],
  effect: [2, 3, 5].map((l) => [-1, -0.5, 0, 0.5, 1].map((c) => round(0.06 * l * Math.tanh(c)))),
  n: 40,
  ci: [2, 3, 5].map((l) =>
    [-1, -0.5, 0, 0.5, 1].map((c) => around(round(0.06 * l * Math.tanh(c)), 0.1)),
  ),
};

const causalLayers = [2, 3, 5];

function patchExample(setting: 'correctIntoCopy' | 'copyIntoCorrect', columns: string[]) {
  // It leaves the place before the last one for the last one.
  const effect = causalLayers.map((layer) =>
    columns.map((column) =>
      round(column === '0' ? layer / 5 : column === '-1' ? 1 - layer / 5 : 0),
    ),
  );
  return {
    ...{ setting, n: 24, equalLength: 0.75, columns, effect },
    ci: effect.map((row) => row.map((value) => around(value, 0.08))),
    switched: effect,
    taken: effect,
  };
}

function evidenceExample(
  measure: 'steering' | 'ablation' | 'patching',
  sign: number,
): CausalSummary['evidence'][number] {
  return {
    ...{ measure, what: `the ${measure} measure`, n: 40 },
    perLayer: causalLayers.map((layer) => {
      const mean = round(sign * 0.06 * layer);
      return { layer, mean, ci: around(mean, 0.1) };
    }),
    ...{ largest: 5, lead: 0.12, leadCi: [0.02, 0.2] },
    ...{ rankCorrelation: 0.5, rankCorrelationCi: null, largestIsBest: true },
  };
}

export { compareExample, roundsExample } from './answerExamples.js';

export const causalExample: CausalSummary = {
  ...{ model: 'corrector-arithmetic-m', method: 'pca', positions: 'prompt', seed: 1 },
  layers: causalLayers,
  steering: {
    ...effectsExample,
    metric: 'editRatio',
    unitValue: [3, 4, 5],
    ci: effectsExample.ci ?? [],
    degenerate: causalLayers.map(() => [0, 0, 0, 0, 0.025]),
  },
  controls: {
    ...{ n: 16, coefficients: [-1, 1] },
    perLayer: causalLayers.map((layer) => ({
      ...{ layer, tested: round(0.08 * layer), ci: around(round(0.08 * layer), 0.1) },
      random: [-0.1, 0.02, 0.05, 0.2],
      ...{ median: 0.075, max: 0.2, exceeded: layer === 2 ? 3 : 4 },
    })),
  },
  ablation: {
    n: 40,
    perLayer: causalLayers.map((layer) => ({
      ...{ layer, change: round(-0.03 * layer), ci: around(round(-0.03 * layer), 0.04) },
      stillCopied: { rate: 1, n: 24, ci: [0.86, 1] },
      stillCorrected: {
        rate: round(1 - layer / 10),
        n: 16,
        ci: around(round(1 - layer / 10), 0.2),
      },
    })),
  },
  patching: [
    patchExample('correctIntoCopy', ['earlier', '-1', '0']),
    patchExample('copyIntoCorrect', ['0']),
  ],
  rule: 'it decides where it holds more than before',
  parts: causalLayers.map((layer, i) => ({
    ...{ layer, role: layer === 5 ? 'decides' : 'prepares', testRole: 'prepares' },
    ...{ confirmed: layer !== 5, validationGain: 0.1 * i, gain: 0.1 * i, gainCi: around(0.1, 0.2) },
  })),
  scan: causalLayers.map((layer) => ({ layer, heldOutAccuracy: round(0.5 + layer / 12) })),
  bestLayer: 5,
  evidence: [
    evidenceExample('steering', 1),
    evidenceExample('ablation', -1),
    evidenceExample('patching', 1),
  ],
  data: {
    problems: { validation: 20, test: 40 },
    cases: {
      validation: { copy: 60, correct: 40, lateCorrections: 2 },
      test: { copy: 64, correct: 36, lateCorrections: 0 },
    },
    pairing: 'by length',
  },
  warnings: ['layers: the part of 5 is not confirmed on test pairs'],
};

const lensPoint = (layer: number, late: number): LensSummary['perLayer'][number]['copy'] => {
  const share = round(1 / (1 + Math.exp(2 * (late - layer))));
  const at = { mean: share, ci: around(share, 0.05) };
  return {
    ...{ settled: at, probability: at, medianRank: Math.max(0, 4 - layer) },
    logOdds: { mean: round(layer - late), ci: around(round(layer - late), 0.4) },
  };
};

export const lensExample: LensSummary = {
  ...{ model: 'corrector-arithmetic-m', seed: 1, layers },
  perLayer: Array.from({ length: layers }, (_, layer) => ({
    ...{ layer, correct: lensPoint(layer, 3.5), copy: lensPoint(layer, 2) },
  })),
  settling: {
    correct: {
      ...{ n: 36, median: 4, medianCi: [4, 5], mean: 4.2, meanCi: [3.9, 4.5] },
      counts: [0, 0, 2, 6, 12, 16],
    },
    copy: {
      ...{ n: 64, median: 2, medianCi: [2, 2], mean: 2.3, meanCi: [2, 2.6] },
      counts: [1, 9, 30, 16, 8, 0],
    },
  },
  data: { copy: 64, correct: 38, lateCorrections: 2 },
  warnings: [],
};
