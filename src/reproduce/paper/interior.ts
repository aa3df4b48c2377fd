/** Figures 8 and 9: what the papers say of the models' interior, as rules written before any run. */
import type { Effect } from '../../math/effect.js';
import type { Random } from '../../math/random.js';
import {
  decideBeforeWord,
  earlyDecision,
  moreLayersDecide,
  overRandomDirections,
  scanAgreement,
  type CausalRun,
} from '../../experiment/causal/findings.js';
import type { Measure } from '../../experiment/causal/shape.js';
import { settlingEffect } from '../../experiment/lens/summary.js';
import { labelsOf, type PartKind, type ReproduceModels } from '../plan.js';
import { partName, type PartResults, type Results } from '../results.js';
import { overBaselines } from '../../experiment/scan/effects.js';
import {
  linearityEffect,
  overControlsEffect,
  slopeEffect,
} from '../../experiment/sweep/effects.js';
import { correctorText, inPoints, type PaperFinding, type Section } from './finding.js';

/** The papers' R² on their own grid is about 0.93. */
export const straight = 0.9;

interface Model {
  name: string;
  /** for texts, e.g. `m` or `aligner m`. */
  label: string;
  id: string;
  isAligner: boolean;
}

export function interiorFindings(models: ReproduceModels): PaperFinding[] {
  const labels = labelsOf(models);
  const label = (i: number): string => labels[i] ?? '';
  const correctors = models.sizes.map(({ corrector }, i): Model => ({
    ...{ name: corrector, label: correctorText(label(i)), id: label(i), isAligner: false },
  }));
  const aligners = models.sizes.flatMap(({ aligner }, i): Model[] =>
    aligner === undefined
      ? []
      : [
          {
            name: aligner,
            label: alignerText(aligner, label(i)),
            id: `aligner-${label(i)}`,
            isAligner: true,
          },
        ],
  );
  const wider = models.sizes.flatMap(({ corrector, aligner }, i) =>
    aligner === undefined ? [] : [moreLayersThanAligner(corrector, aligner, label(i))],
  );
  const all = [...correctors, ...aligners];
  return [
    ...all.flatMap(steeringFindings),
    ...all.map(scanAboveBaselines),
    ...all.map(decidesEarly),
    ...wider,
    ...all.flatMap(causalFindings),
    ...all.map(lensFinding),
  ];
}

/** `Aligner m`; by its own name where sizes have none. */
function alignerText(aligner: string, label: string): string {
  return label.includes('corrector') ? aligner : `Aligner ${label}`;
}

/** A finding from one part of one model. */
function about<K extends PartKind>(
  place: { kind: K; model: Model; section: Section; note?: string },
  rule: PaperFinding['rule'],
  effect: (result: PartResults[K], random: Random) => Effect | null,
): PaperFinding {
  const { kind, model, section, note } = place;
  return {
    ...{ rule, section, about: model.label, parts: [partName(kind, model.name)] },
    measure: (results, random) => {
      const result = results.find(kind, model.name);
      return result && effect(result, random);
    },
    ...(note !== undefined && { note }),
  };
}

/** Figure 8. */
function steeringFindings(model: Model): PaperFinding[] {
  const where = model.isAligner ? 'on recorded answers' : 'in the loop';
  const place = {
    ...({ kind: 'sweep', section: 'steering', model } as const),
    ...(model.isAligner && {
      note: 'An Aligner has no loop: the same recorded answers are corrected at every coefficient.',
    }),
  };
  const source = model.isAligner ? 'Figure 4 of Aligner' : 'Figure 8';
  return [
    about(
      place,
      {
        id: `slope-${model.id}`,
        source,
        claim:
          'The corrections (average Levenshtein ratio) grow with the coefficient of the correction direction.',
        measure: `slope of the edit ratio against the coefficient, ${model.label}, ${where}`,
        unit: 'slope',
        threshold: 0,
      },
      slopeEffect,
    ),
    about(
      place,
      {
        id: `over-random-${model.id}`,
        source,
        claim:
          'It is this direction that controls the correction (the papers show no other; a random one should do less).',
        measure: `slope minus the largest |slope| of the random directions, ${model.label}, ${where}`,
        unit: 'slope',
        threshold: 0,
      },
      overControlsEffect,
    ),
    about(
      place,
      {
        id: `linear-${model.id}`,
        source,
        claim: 'The relation is approximately linear: R² about 0.93 on the grid -1 … 0.5.',
        measure: `R² of a line through the means on that grid, ${model.label}, ${where}`,
        unit: 'R²',
        threshold: straight,
      },
      (result, random) => linearityEffect(result, { random, nullValue: straight }),
    ),
  ];
}

/** Figure 9: that there is something to see. */
function scanAboveBaselines(model: Model): PaperFinding {
  return about(
    { kind: 'scan', section: 'scan', model },
    {
      id: `scan-${model.id}`,
      source: 'Figure 9',
      claim:
        'LAT scans tell a case that is corrected from one that is copied (shown there on one case of each).',
      measure: `held-out accuracy of the layer that tells best on the training half, minus that of the better baseline (length or tokens of what is corrected), ${model.label}`,
      unit: 'points',
      threshold: 0,
    },
    ({ records }, random) =>
      inPoints(
        overBaselines(
          records.filter((record) => record.kind === 'told'),
          random,
        ),
      ),
  );
}

/** Figure 9: first decides, later carries out. */
function decidesEarly(model: Model): PaperFinding {
  return about(
    { kind: 'causal', section: 'scan', model },
    {
      id: `early-${model.id}`,
      source: 'Figure 9',
      claim:
        'The model first decides how much to correct (earlier layers) and then carries it out (later layers).',
      measure: `middle of the layers minus the mean depth at which the decision arrives, by exchanging hidden states both ways, ${model.label}`,
      unit: 'layers',
      threshold: 0,
    },
    earlyDecision,
  );
}

/** Figure 9: Stream Aligner against Aligner. */
function moreLayersThanAligner(corrector: string, aligner: string, label: string): PaperFinding {
  return {
    section: 'scan',
    about: `size ${label}`,
    parts: [partName('causal', corrector), partName('causal', aligner)],
    rule: {
      id: `more-layers-${label}`,
      source: 'Figure 9',
      claim: 'On maths, more layers take part in deciding than in Aligner.',
      measure: `share of the layers that decide in ${correctorText(label)} minus that in the Aligner of its size, by exchanging hidden states`,
      unit: 'points',
      threshold: 0,
    },
    measure: (results: Results, random) => {
      const [own, other] = [results.find('causal', corrector), results.find('causal', aligner)];
      return own && other ? inPoints(moreLayersDecide(own, other, random)) : null;
    },
  };
}

const agreement: Readonly<Record<Measure, string>> = {
  steering: 'what steering does',
  ablation: 'what removing the direction does',
  patching: 'what exchanging hidden states does',
};

/** A scan is a reading; these ask whether what it shows is a cause. */
function causalFindings(model: Model): PaperFinding[] {
  const place = { kind: 'causal', section: 'causal', model } as const;
  const agree = (measure: Measure): PaperFinding =>
    about(
      place,
      {
        id: `agrees-${measure}-${model.id}`,
        source: 'beyond Figure 9',
        claim:
          'Where the scan tells best, the decision is made (the papers infer causes from readings).',
        measure: `rank correlation over layers of the scan's held-out accuracy with ${agreement[measure]} at that layer alone, ${model.label}`,
        unit: 'correlation',
        threshold: 0,
      },
      (result: CausalRun, random) => scanAgreement(result, measure, random),
    );
  return [
    about(
      place,
      {
        id: `decides-before-word-${model.id}`,
        source: 'beyond Figure 9',
        claim: 'First decide, then carry out: the decision stands before the word does.',
        measure: `mean depth at which the first word arrives minus that at which the decision does, by exchanging hidden states, ${model.label}`,
        unit: 'layers',
        threshold: 0,
      },
      decideBeforeWord,
    ),
    agree('patching'),
    agree('steering'),
    agree('ablation'),
    about(
      place,
      {
        id: `one-layer-over-random-${model.id}`,
        source: 'beyond Figure 8',
        claim: 'At one layer alone, too, it is this direction that controls the correction.',
        measure: `slope of the edit ratio at the layer chosen on validation problems, minus the largest |slope| of the random directions there, ${model.label}`,
        unit: 'slope',
        threshold: 0,
      },
      overRandomDirections,
    ),
  ];
}

/** The logit lens. */
function lensFinding(model: Model): PaperFinding {
  return about(
    { kind: 'lens', section: 'lens', model },
    {
      id: `lens-${model.id}`,
      source: 'beyond Figure 9',
      claim:
        'A correction takes more layers than a copy: its first word is settled later (the later layers carry it out).',
      measure: `mean layer from which on the logit lens shows the first word, corrections minus copies, ${model.label}`,
      unit: 'layers',
      threshold: 0,
    },
    ({ records }, random) =>
      settlingEffect({ readings: records.filter((record) => record.kind === 'lens'), random }),
  );
}
