/** From the records of a causal test to `causal.json`: pure, so that a resumed run ends the same. */
import { createRandom, type Random } from '../../math/random.js';
import { countNotes, noteWarnings } from '../../text/notes.js';
import { layerControls } from './controls.js';
import {
  ablated,
  boundaryTable,
  countOutputs,
  editsOf,
  heldOf,
  measureTable,
  patchesOf,
  patchMap,
  steeringEffects,
  type CausalSummaryOptions,
} from './effects.js';
import { largest, weighEvidence } from './evidence.js';
import { pairingText } from './pairs.js';
import { gains, layerParts, roleRule } from './roles.js';
import type {
  CaseRecord,
  CausalSplit,
  CausalSummary,
  Evidence,
  LayerPart,
  Measure,
  PatchSetting,
  SteeringEffects,
} from './shape.js';
import { tableMeans } from '../sweep/fit.js';

/** @throws where there is no record of one kind in one of the splits. */
export function summariseCausal(options: CausalSummaryOptions): CausalSummary {
  const { model, method, positions, seed, layers } = options;
  const random = createRandom(seed).fork('causal bootstrap');
  const accuracy = options.accuracy && layers.map((layer) => options.accuracy?.[layer] ?? NaN);
  const scan = layers.map((layer, i) => ({ layer, heldOutAccuracy: accuracy?.[i] ?? null }));
  const edits = editsOf(options, 'test');
  const patching = (Object.keys(options.columns) as PatchSetting[])
    .filter((setting) => patchesOf(options, 'test', setting).length > 0)
    .map((setting) => patchMap(options, setting, random));
  const evidence = weighAll(options, accuracy, random);
  const parts = partsOf(options, evidence);
  const steering = steeringEffects(edits, options, random);
  const controls = layerControls(options, random);
  return {
    ...{ model, method, positions, seed },
    layers: [...layers],
    steering,
    ...(controls && { controls }),
    ablation: {
      n: edits.length,
      perLayer: layers.map((_, i) => ablated(edits, i, options, random)),
    },
    patching,
    rule: roleRule,
    ...{ parts, scan },
    ...(options.heldOutN !== undefined && { heldOutN: options.heldOutN }),
    bestLayer: accuracy && (layers[largest(accuracy)] ?? 0),
    evidence,
    data: describeData(options),
    warnings: [
      ...(options.warnings ?? []),
      ...warningsOf(parts, steering),
      ...cutWarnings(countOutputs(options)),
      ...noteWarnings(countNotes(casesOf(options)), casesOf(options).length),
    ],
  };
}

/** Empty where no pair could be made. */
function partsOf(options: CausalSummaryOptions, evidence: readonly Evidence[]): LayerPart[] {
  const patched = evidence.find(({ measure }) => measure === 'patching');
  if (!patched) return [];
  const held = (split: CausalSplit): number[] =>
    heldOf(tableMeans(boundaryTable(options, split)).map((value) => value ?? NaN));
  return layerParts({
    layers: options.layers,
    validation: held('validation'),
    test: held('test'),
    gainCi: patched.perLayer.map(({ ci }) => ci),
  });
}

function weighAll(
  options: CausalSummaryOptions,
  accuracy: readonly number[] | null,
  random: Random,
): Evidence[] {
  const { layers } = options;
  const exchanged = (['validation', 'test'] as const).every(
    (split) => boundaryTable(options, split).units > 0,
  );
  const measures: Measure[] = ['steering', 'ablation', ...(exchanged ? ['patching' as const] : [])];
  return measures.map((measure) =>
    weighEvidence({
      ...{ measure, what: measureText(measure, options.metric), layers, accuracy, random },
      validation: measureTable(options, measure, 'validation'),
      test: measureTable(options, measure, 'test'),
      ...(measure === 'patching' && { effects: (means) => gains(heldOf(means)) }),
    }),
  );
}

function measureText(measure: Measure, { label }: CausalSummaryOptions['metric']): string {
  if (measure === 'steering') return `slope of the ${label} against the coefficient`;
  if (measure === 'ablation') return `change of the ${label} with the direction removed`;
  return 'gain in what the boundary token’s state holds over the layer before';
}

function casesOf({ records }: CausalSummaryOptions): CaseRecord[] {
  return records.filter((record) => record.kind === 'case');
}

function describeData(options: CausalSummaryOptions): CausalSummary['data'] {
  const cases = (split: CausalSplit): CausalSummary['data']['cases'][CausalSplit] => {
    const own = casesOf(options).filter(
      (record) => record.split === split && record.finish === undefined,
    );
    const correct = own.filter(({ label }) => label === 'correct');
    return {
      copy: own.length - correct.length,
      correct: correct.length,
      lateCorrections: correct.filter(({ beginsLast }) => beginsLast).length,
    };
  };
  const problems = (split: CausalSplit): number => editsOf(options, split).length;
  return {
    problems: { validation: problems('validation'), test: problems('test') },
    cases: { validation: cases('validation'), test: cases('test') },
    outputs: countOutputs(options),
    notes: countNotes(casesOf(options)),
    pairing: pairingText,
  };
}

function cutWarnings({ all, length, context }: ReturnType<typeof countOutputs>): string[] {
  const of = (n: number): string => `${n} of ${all} outputs under edits`;
  return [
    ...(length > 0 ? [`length: ${of(length)} were cut off at their limit; they count as degenerate`] : []), // prettier-ignore
    ...(context > 0 ? [`context: ${of(context)} were cut off for want of positions and are left out of the effects`] : []), // prettier-ignore
  ];
}

function warningsOf(
  parts: CausalSummary['parts'],
  { degenerate, layers, n }: SteeringEffects,
): string[] {
  const warnings: string[] = [];
  if (parts.length === 0) {
    warnings.push(
      'patching: no pairs (copies and corrections are needed in both files, see data.cases); give more problems',
    );
  } else if (parts.every(({ role }) => role !== 'decides')) {
    warnings.push('layers: none decides by the rule on validation pairs');
  }
  const unconfirmed = parts.filter(({ confirmed }) => !confirmed).map(({ layer }) => layer);
  if (unconfirmed.length > 0) {
    warnings.push(`layers: the part of ${unconfirmed.join(', ')} is not confirmed on test pairs`);
  }
  const broken = layers.filter((_, i) => degenerate[i]?.some((share) => (share ?? 0) >= 0.05));
  if (broken.length > 0) {
    warnings.push(
      `degenerate: 5 % of the outputs of ${n} problems or more somewhere on the grid at layer ${broken.join(', ')}`,
    );
  }
  return warnings;
}
