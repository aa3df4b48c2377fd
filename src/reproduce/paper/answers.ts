/** Figures 3 to 7 and the latency: what the paper says of answers, as rules written before any run. */
import { accuracyDifference } from '../../experiment/answers/compare/effects.js';
import type { ComparedKind, LatencyRatios } from '../../experiment/answers/compare/shape.js';
import type { ReproduceModels, Tuning } from '../plan.js';
import { labelsOf } from '../plan.js';
import { partName, roundsOf, type Results } from '../results.js';
import {
  roundsDifference,
  roundsTrend,
  type AnswerAt,
  type AnswerMeasure,
} from '../../experiment/rounds/effects.js';
import { correctorText, inPoints, saving, type PaperFinding } from './finding.js';

/** Correction rounds before one model writes on; most answers need more, so that it matters. */
const continueAfter = 2;

const upstreamAlone = { continueWith: 'upstream', k: 0 } as const;
const correctorAlone = { continueWith: 'corrector', k: 0 } as const;

export function answerFindings(models: ReproduceModels): PaperFinding[] {
  const labels = labelsOf(models);
  const byRounds = models.sizes.flatMap(({ corrector }, i) =>
    roundsFindings(corrector, labels[i] ?? corrector),
  );
  return [...byRounds, ...compareFindings(models, labels)];
}

/** Figures 3 to 5 of one corrector. */
function roundsFindings(corrector: string, label: string): PaperFinding[] {
  const shared = { about: correctorText(label), parts: [partName('rounds', null)] };
  const difference = (measure: AnswerMeasure, from: AnswerAt): PaperFinding['measure'] => {
    return (results, random) => {
      const records = roundsOf(results)?.answers;
      const pair = { corrector, measure, from, to: 'classic' } as const;
      return records ? roundsDifference({ records, random, ...pair }) : null;
    };
  };
  const trend = (measure: AnswerMeasure): PaperFinding['measure'] => {
    return (results, random) => {
      const records = roundsOf(results)?.answers;
      const pair = { corrector, measure, continueWith: 'upstream' } as const;
      return records ? roundsTrend({ records, random, ...pair }) : null;
    };
  };
  const gain = difference('right', upstreamAlone);
  const overAlone = difference('right', correctorAlone);
  return [
    {
      ...shared,
      section: 'rounds',
      rule: {
        id: `rounds-gain-${label}`,
        source: 'Figure 3',
        claim:
          'Correction makes more maths answers right than the upstream alone: +11.3 % (Llama3-8B-Instruct with an 8B corrector), +6.1 % (with 2B), +3.5 % (Llama3-70B-Instruct with 8B).',
        measure: `accuracy of the loop to its end with ${correctorText(label)} minus that of the upstream alone, same problems`,
        unit: 'points',
        threshold: 0,
      },
      measure: (results, random) => inPoints(gain(results, random)),
    },
    {
      ...shared,
      section: 'rounds',
      rule: {
        id: `pair-over-corrector-${label}`,
        source: 'beyond Figure 3',
        claim:
          'The pair does more than the corrector can by itself (the paper shows no such control; a corrector taught by an exact solver might simply out-solve the upstream).',
        measure: `accuracy of the loop to its end with ${correctorText(label)} minus that of the corrector writing whole answers alone, same problems`,
        unit: 'points',
        threshold: 0,
      },
      measure: (results, random) => inPoints(overAlone(results, random)),
      note: 'By the last answer that it states; a corrector that writes on after its answer may lose a right one.',
    },
    {
      ...shared,
      section: 'rounds',
      rule: {
        id: `rounds-rise-${label}`,
        source: 'Figure 3',
        claim: 'Maths accuracy rises monotonically with the number of correction rounds.',
        measure: `rank correlation of accuracy with the number of correction rounds of ${label}, after which the upstream writes on`,
        unit: 'correlation',
        threshold: 0,
      },
      measure: trend('right'),
    },
    {
      ...shared,
      section: 'scores',
      rule: {
        id: `scores-rise-${label}`,
        source: 'Figure 4',
        claim:
          'The distribution of scores moves upward with every round (there: scores of a judge for helpfulness and harmlessness).',
        measure: `rank correlation of the share of right sentences with the number of correction rounds of ${label}`,
        unit: 'correlation',
        threshold: 0,
      },
      measure: trend('score'),
    },
    {
      ...shared,
      section: 'scores',
      rule: {
        id: `length-${label}`,
        source: 'Figure 4',
        claim:
          'Answers grow longer with correction (there: helpfulness falls again after some rounds as answers grow wordy).',
        measure: `length of the loop's answers with ${label} minus that of the upstream's, same problems`,
        unit: 'characters',
        threshold: 0,
      },
      measure: difference('characters', upstreamAlone),
    },
    ...(['upstream', 'corrector'] as const).map((continueWith): PaperFinding => {
      const over = { continueWith, k: continueAfter };
      const measure = difference('right', over);
      return {
        ...shared,
        section: 'modes',
        rule: {
          id: `classic-over-${continueWith}-${label}`,
          source: 'Figure 5',
          claim: `Classic (the cycle goes on to the end), which is the method, is ahead of continue (after some rounds one model writes on; here the ${continueWith}, ${continueWith === 'upstream' ? "as in the authors' code" : 'as in the text'}).`,
          measure: `accuracy of classic minus that of continue after ${continueAfter} rounds of ${label}, same problems`,
          unit: 'points',
          threshold: 0,
        },
        measure: (results, random) => inPoints(measure(results, random)),
      };
    }),
  ];
}

/** Figures 6 and 7 and the latency. */
function compareFindings(models: ReproduceModels, labels: readonly string[]): PaperFinding[] {
  const { sizes, tuned } = models;
  return [
    ...sizes.flatMap((models, i): PaperFinding[] => {
      const label = labels[i] ?? models.corrector;
      return [
        overRival(label, 'best-of'),
        ...(models.aligner === undefined ? [] : [overRival(label, 'aligner'), ...latency(label)]),
        ...(models.expert === undefined ? [] : [overRival(label, 'proxy')]),
        ...Object.keys(tuned).map((how) => overRival(label, how as Tuning)),
      ];
    }),
    ...largerIsBetter(models, labels),
    ...(tuned.sft === undefined ? [] : [tuning('sft')]),
    ...(tuned.dpo === undefined ? [] : [tuning('dpo')]),
  ];
}

type Rival = Exclude<ComparedKind | 'best-of', 'upstream' | 'stream'>;

const rivals: Readonly<Record<Rival, Pick<PaperFinding['rule'], 'source' | 'claim'>>> = {
  'best-of': {
    source: 'Figure 6',
    claim:
      'A small corrector buys more accuracy for its time than the upstream alone can: +6.1 % (2B) at nearly half the inference time of 8B. Here against as many samples of the upstream as take the same time, voted on.',
  },
  aligner: {
    source: 'Figure 7',
    claim:
      'Stream Aligner is more accurate than an Aligner of the same size, at several sizes of the additional model.',
  },
  proxy: {
    source: 'Figure 7',
    claim:
      'Stream Aligner is more accurate than proxy-tuning with an expert of the same size, at several sizes.',
  },
  sft: {
    source: 'Figure 7, text',
    claim:
      'Stream Aligner raises accuracy by more than SFT of the upstream: +5.8 % against -0.5 % (Llama3-8B-Instruct).',
  },
  dpo: {
    source: 'Figure 7, text',
    claim:
      'Stream Aligner raises accuracy by more than DPO of the upstream: +5.8 % against +0.3 % (Llama3-8B-Instruct).',
  },
};

const rivalText: Readonly<Record<Rival, string>> = {
  'best-of': 'the best of as many samples of the upstream as take the same time',
  aligner: 'the Aligner of the same size',
  proxy:
    'proxy-tuning with the expert of the same size (its strength chosen on validation problems)',
  sft: 'the upstream after SFT',
  dpo: 'the upstream after DPO',
};

function overRival(label: string, rival: Rival): PaperFinding {
  return {
    section: rival === 'best-of' ? 'time' : 'systems',
    about: correctorText(label),
    parts: [partName('compare', null)],
    rule: {
      ...rivals[rival],
      id: `over-${rival}-${label}`,
      measure: `accuracy of the loop with ${label} minus that of ${rivalText[rival]}, same problems`,
      unit: 'points',
      threshold: 0,
    },
    measure: (results) =>
      inPoints(
        results
          .find('compare', null)
          ?.summary.differences.find(({ size, kind }) => size === label && kind === rival),
      ),
  };
}

/** The largest size against the smallest: needs two. */
function largerIsBetter({ sizes }: ReproduceModels, labels: readonly string[]): PaperFinding[] {
  // A second seed is no further size: sizes have companions of their own, or all lack them.
  const sized = sizes.filter(({ aligner }) => aligner !== undefined);
  const compared = sized.length >= 2 ? sized : sizes;
  const [small, large] = [compared[0]?.corrector, compared.at(-1)?.corrector];
  if (small === undefined || large === undefined || small === large) return [];
  const label = (corrector: string): string =>
    labels[sizes.findIndex((models) => models.corrector === corrector)] ?? corrector;
  return [
    {
      section: 'time',
      about: '',
      parts: [partName('compare', null)],
      rule: {
        id: 'larger-is-better',
        source: 'Figure 6',
        claim:
          'Larger correctors make the same upstream more accurate: +11.3 % with 8B, +6.1 % with 2B.',
        measure: `accuracy of the loop with ${label(large)} minus that with ${label(small)}, same problems`,
        unit: 'points',
        threshold: 0,
      },
      measure: (results, random) => {
        const records = results.find('compare', null)?.records;
        const pair = { system: `stream-${large}`, against: `stream-${small}` };
        return records ? inPoints(accuracyDifference({ records, random, ...pair })) : null;
      },
    },
  ];
}

/** What fine-tuning alone does: down by SFT, up by DPO. */
function tuning(how: Tuning): PaperFinding {
  const [system, against] = how === 'sft' ? ['upstream', 'sft'] : ['dpo', 'upstream'];
  return {
    section: 'systems',
    about: how.toUpperCase(),
    parts: [partName('compare', null)],
    rule: {
      id: `${how}-alone`,
      source: 'Figure 7, text',
      claim:
        how === 'sft'
          ? 'SFT of the upstream makes it worse: -0.5 % (Llama3-8B-Instruct).'
          : 'DPO of the upstream makes it a little better: +0.3 % (Llama3-8B-Instruct).',
      measure:
        how === 'sft'
          ? 'accuracy of the upstream minus that after SFT, same problems (above 0: SFT loses)'
          : 'accuracy of the upstream after DPO minus that before, same problems',
      unit: 'points',
      threshold: 0,
    },
    measure: (results, random) => {
      const records = results.find('compare', null)?.records;
      return records ? inPoints(accuracyDifference({ records, random, system, against })) : null;
    },
  };
}

function latency(label: string): PaperFinding[] {
  const shared = {
    ...({ section: 'latency', about: correctorText(label) } as const),
    parts: [partName('compare', null)],
  };
  const find = (results: Results): LatencyRatios | undefined =>
    results.find('compare', null)?.summary.latency.find(({ size }) => size === label);
  return [
    {
      ...shared,
      rule: {
        id: `per-token-time-${label}`,
        source: 'text',
        claim: "Stream Aligner takes 0.80 of Aligner's time per token.",
        measure: `1 - (time per visible token of the loop with ${label} / the Aligner's of that size), one problem at a time; the paper's ratio gives 0.20`,
        unit: 'ratio',
        threshold: 0,
      },
      measure: (results) => saving(find(results)?.perToken),
    },
    {
      ...shared,
      rule: {
        id: `first-text-${label}`,
        source: 'text',
        claim: "Aligner's first text comes after 10 times the time of Stream Aligner's.",
        measure: `time to the Aligner's first text / time to the first corrected sentence of the loop with ${label}`,
        unit: 'ratio',
        threshold: 1,
      },
      measure: (results) => find(results)?.firstText ?? null,
    },
  ];
}
