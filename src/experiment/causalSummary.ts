/** From the records of a causal test to `causal.json`: pure, so that a resumed run ends the same. */
import { bootstrapMeans, type ColumnMean, type UnitTable } from '../math/bootstrap.js';
import { fitLine } from '../math/fit.js';
import { rateOf } from '../math/interval.js';
import { createRandom, type Random } from '../math/random.js';
import { mean } from '../math/summary.js';
import type { PositionRule } from '../runtime/steering.js';
import { largest, weighEvidence } from './causalEvidence.js';
import { pairingText } from './causalPairs.js';
import type { PatchColumn } from './causalPatches.js';
import { gains, layerParts, roleRule } from './causalRoles.js';
import type {
  CaseRecord,
  CausalRecord,
  CausalSummary,
  EditOutcome,
  EditRecord,
  Evidence,
  LayerAblation,
  PatchMap,
  PatchOutcome,
  PatchRecord,
  PatchSetting,
  Share,
  CausalSplit,
  SteeringEffects,
} from './causalTypes.js';
import { tableMeans } from './sweepFit.js';

export interface CausalSummaryOptions {
  model: string;
  method: string;
  positions: PositionRule;
  seed: number;
  layers: readonly number[];
  /** Without 0. */
  coefficients: readonly number[];
  /** `[L]` */
  meanNorms: readonly number[];
  /** `[L]`, of the scan, on held-out stimuli. */
  accuracy: readonly number[];
  /** Patched at each setting. */
  columns: Readonly<Record<PatchSetting, readonly PatchColumn[]>>;
  records: readonly CausalRecord[];
}

/** What a coefficient counts in, in words. */
export const causalUnit =
  'the mean norm of that layer’s hidden states at the boundary token, added at that layer alone';

const resamples = 1000;

/** @throws where there is no record of one kind in one of the splits. */
export function summariseCausal(options: CausalSummaryOptions): CausalSummary {
  const { model, method, positions, seed, layers } = options;
  const random = createRandom(seed).fork('causal bootstrap');
  const scan = layers.map((layer) => ({ layer, heldOutAccuracy: options.accuracy[layer] ?? NaN }));
  const accuracy = scan.map((of) => of.heldOutAccuracy);
  const edits = editsOf(options, 'test');
  const patching = (Object.keys(options.columns) as PatchSetting[]).map((setting) =>
    patchMap(options, setting, random),
  );
  const evidence = weighAll(options, accuracy, random);
  const parts = layerParts({
    layers,
    validation: boundaryMeans(options, 'validation'),
    test: boundaryMeans(options, 'test'),
    gainCi: evidence.find((e) => e.measure === 'patching')?.perLayer.map(({ ci }) => ci) ?? [],
  });
  const steering = steeringEffects(edits, options, random);
  return {
    ...{ model, method, positions, seed },
    layers: [...layers],
    steering,
    ablation: {
      n: edits.length,
      perLayer: layers.map((_, i) => ablated(edits, i, options, random)),
    },
    patching,
    rule: roleRule,
    ...{ parts, scan },
    bestLayer: layers[largest(accuracy)] ?? 0,
    evidence,
    data: describeData(options),
    warnings: warningsOf(parts, steering),
  };
}

function editsOf({ records }: CausalSummaryOptions, split: CausalSplit): EditRecord[] {
  return records.filter((r): r is EditRecord => r.kind === 'edit' && r.split === split);
}

function patchesOf(
  { records }: CausalSummaryOptions,
  split: CausalSplit,
  setting: PatchSetting,
): PatchRecord[] {
  return records.filter(
    (r): r is PatchRecord => r.kind === 'patch' && r.split === split && r.setting === setting,
  );
}

/** Units × columns, of one number per unit and column. */
function tableOf<T>(
  units: readonly T[],
  columns: number,
  value: (unit: T, column: number) => number | null,
): UnitTable {
  const values = new Float64Array(units.length * columns);
  units.forEach((unit, row) => {
    for (let c = 0; c < columns; c++) values[row * columns + c] = value(unit, c) ?? NaN;
  });
  return { values, units: units.length, columns };
}

/** The change of the edit ratio that an edit makes. */
function changeOf(edited: EditOutcome | undefined, { unsteered }: EditRecord): number | null {
  if (!edited || edited.editRatio === null || unsteered.editRatio === null) return null;
  return edited.editRatio - unsteered.editRatio;
}

function steeringEffects(
  edits: readonly EditRecord[],
  { layers, coefficients, meanNorms }: CausalSummaryOptions,
  random: Random,
): SteeringEffects {
  const grid = [...coefficients, 0].sort((a, b) => a - b);
  const outcome = (edit: EditRecord, layer: number, c: number): EditOutcome | undefined =>
    grid[c] === 0 ? edit.unsteered : edit.steered[layer]?.[coefficients.indexOf(grid[c] ?? NaN)];
  const effects = layers.map((layer, i): ColumnMean[] => {
    const table = tableOf(edits, grid.length, (edit, c) => changeOf(outcome(edit, i, c), edit));
    return bootstrapMeans({ ...table, random: random.fork(`steering ${layer}`), resamples });
  });
  return {
    metric: 'editRatio',
    baseline: mean(edits.flatMap(({ unsteered }) => unsteered.editRatio ?? [])),
    unit: causalUnit,
    unitValue: layers.map((layer) => meanNorms[layer] ?? NaN),
    layers: [...layers],
    coefficients: grid,
    effect: effects.map((row) => row.map((cell) => cell.mean)),
    ci: effects.map((row) => row.map((cell) => cell.ci)),
    degenerate: layers.map((_, i) =>
      tableMeans(tableOf(edits, grid.length, (e, c) => Number(outcome(e, i, c)?.degenerate))),
    ),
    n: edits.length,
  };
}

function ablated(
  edits: readonly EditRecord[],
  i: number,
  { layers }: CausalSummaryOptions,
  random: Random,
): LayerAblation {
  const layer = layers[i] ?? 0;
  const table = tableOf(edits, 1, (edit) => changeOf(edit.ablated[i], edit));
  const [change] = bootstrapMeans({
    ...table,
    random: random.fork(`ablation ${layer}`),
    resamples,
  });
  const still = (copied: boolean): Share => {
    const of = edits.filter((edit) => edit.unsteered.copied === copied);
    const kept = of.filter((edit) => edit.ablated[i]?.copied === copied).length;
    return { n: of.length, ...rateOf(kept, of.length) };
  };
  return {
    layer,
    change: change?.mean ?? null,
    ci: change?.ci ?? null,
    stillCopied: still(true),
    stillCorrected: still(false),
  };
}

function patchMap(options: CausalSummaryOptions, setting: PatchSetting, random: Random): PatchMap {
  const { layers } = options;
  const pairs = patchesOf(options, 'test', setting);
  const columns = options.columns[setting];
  const table = (layer: number, value: (o: PatchOutcome) => number): UnitTable =>
    tableOf(pairs, columns.length, ({ outcomes }, c) => {
      const outcome = outcomes[layer]?.[c];
      return outcome ? value(outcome) : null;
    });
  const effects = layers.map((layer, i) =>
    bootstrapMeans({
      ...table(i, ({ effect }) => effect),
      ...{ random: random.fork(`${setting} ${layer}`), resamples },
    }),
  );
  const shares = (value: (o: PatchOutcome) => boolean): (number | null)[][] =>
    layers.map((_, i) => tableMeans(table(i, (outcome) => Number(value(outcome)))));
  return {
    setting,
    n: pairs.length,
    equalLength: mean(pairs.map((pair) => Number(pair.equalLength))),
    columns: columns.map(String),
    effect: effects.map((row) => row.map((cell) => cell.mean)),
    ci: effects.map((row) => row.map((cell) => cell.ci)),
    switched: shares((outcome) => outcome.switched),
    taken: shares((outcome) => outcome.taken),
  };
}

/** Pairs × layers: the effect of the boundary token's state, the last column. */
function boundaryTable(options: CausalSummaryOptions, split: CausalSplit): number[][] {
  return patchesOf(options, split, 'correctIntoCopy').map(({ outcomes }) =>
    outcomes.map((columns) => columns.at(-1)?.effect ?? NaN),
  );
}

function boundaryMeans(options: CausalSummaryOptions, split: CausalSplit): number[] {
  const rows = boundaryTable(options, split);
  return options.layers.map((_, i) => mean(rows.map((row) => row[i] ?? NaN)));
}

function weighAll(
  options: CausalSummaryOptions,
  accuracy: readonly number[],
  random: Random,
): Evidence[] {
  const { layers, coefficients } = options;
  const count = layers.length;
  const slope = (edit: EditRecord, i: number): number | null => {
    const changes = (edit.steered[i] ?? []).map((outcome) => changeOf(outcome, edit));
    const known = changes.filter((change) => change !== null);
    return known.length < changes.length
      ? null
      : fitLine([0, ...coefficients], [0, ...known]).slope;
  };
  const tables = {
    steering: (split: CausalSplit) => tableOf(editsOf(options, split), count, slope),
    ablation: (split: CausalSplit) =>
      tableOf(editsOf(options, split), count, (edit, i) => changeOf(edit.ablated[i], edit)),
    patching: (split: CausalSplit) =>
      tableOf(boundaryTable(options, split).map(gains), count, (row, i) => row[i] ?? NaN),
  };
  const words = {
    steering: 'slope of the edit ratio against the coefficient',
    ablation: 'change of the edit ratio with the direction removed',
    patching: 'effect of the boundary token’s state, gain over the layer before',
  };
  return (['steering', 'ablation', 'patching'] as const).map((measure) =>
    weighEvidence({
      ...{ measure, what: words[measure], layers, accuracy, random },
      validation: tables[measure]('validation'),
      test: tables[measure]('test'),
    }),
  );
}

function describeData(options: CausalSummaryOptions): CausalSummary['data'] {
  const cases = (split: CausalSplit): CausalSummary['data']['cases'][CausalSplit] => {
    const of = options.records.filter(
      (r): r is CaseRecord => r.kind === 'case' && r.split === split,
    );
    const correct = of.filter(({ label }) => label === 'correct');
    return {
      copy: of.length - correct.length,
      correct: correct.length,
      lateCorrections: correct.filter(({ beginsLast }) => beginsLast).length,
    };
  };
  const problems = (split: CausalSplit): number => editsOf(options, split).length;
  return {
    problems: { validation: problems('validation'), test: problems('test') },
    cases: { validation: cases('validation'), test: cases('test') },
    pairing: pairingText,
  };
}

function warningsOf(
  parts: CausalSummary['parts'],
  { degenerate, layers }: SteeringEffects,
): string[] {
  const warnings: string[] = [];
  const deciding = parts.filter(({ role }) => role === 'decides');
  if (deciding.length === 0) warnings.push('layers: none decides by the rule on validation pairs');
  const unconfirmed = parts.filter(({ confirmed }) => !confirmed).map(({ layer }) => layer);
  if (unconfirmed.length > 0) {
    warnings.push(`layers: the part of ${unconfirmed.join(', ')} is not confirmed on test pairs`);
  }
  const broken = layers.filter((_, i) => degenerate[i]?.some((share) => (share ?? 0) >= 0.05));
  if (broken.length > 0) {
    warnings.push(
      `degenerate: 5 % of the outputs or more somewhere on the grid at layer ${broken.join(', ')}`,
    );
  }
  return warnings;
}
