/** From the records of a causal test to the effects of each kind of edit, layer by layer. */
import { bootstrapMeans, type ColumnMean, type UnitTable } from '../../math/bootstrap.js';
import { fitLine } from '../../math/fit.js';
import { rateOf } from '../../math/interval.js';
import type { Random } from '../../math/random.js';
import { mean } from '../../math/summary.js';
import type { OwnEditMetric } from '../../text/editMetricTable.js';
import type { PositionRule } from '../../runtime/steering.js';
import type { PatchColumn } from './patches.js';
import { holds } from './roles.js';
import type {
  CausalRecord,
  CausalSplit,
  CausalSummary,
  EditOutcome,
  EditRecord,
  LayerAblation,
  Measure,
  PatchMap,
  PatchOutcome,
  PatchRecord,
  PatchSetting,
  Share,
  SteeringEffects,
} from './shape.js';
import { unitText } from '../shared/steeringUnit.js';
import { tableMeans } from '../sweep/fit.js';

export interface CausalSummaryOptions {
  model: string;
  method: string;
  positions: PositionRule;
  metric: OwnEditMetric;
  seed: number;
  layers: readonly number[];
  /** Without 0. */
  coefficients: readonly number[];
  /** Those of the controls. */
  controlled: readonly number[];
  /** `[L]` */
  meanNorms: readonly number[];
  /** The norm that coefficient 1 adds, in mean norms of the layer. */
  scale: number;
  /** What is known beforehand. */
  warnings?: readonly string[];
  /** `[L]`, of the scan, on held-out stimuli; null where it is not known. */
  accuracy: readonly number[] | null;
  /** How many held-out stimuli these are shares of. */
  heldOutN?: number | undefined;
  /** Patched at each setting. */
  columns: Readonly<Record<PatchSetting, readonly PatchColumn[]>>;
  records: readonly CausalRecord[];
}

const resamples = 1000;

type Recorded = Pick<CausalSummaryOptions, 'records'>;

/** The edits of a split. */
export function editsOf({ records }: Recorded, split: CausalSplit): EditRecord[] {
  return records.filter((r): r is EditRecord => r.kind === 'edit' && r.split === split);
}

/** How many outputs under edits there are, and how many of them were cut off at either limit. */
export function countOutputs({ records }: Recorded): NonNullable<CausalSummary['data']['outputs']> {
  const outcomes = records.flatMap((record): EditOutcome[] => {
    if (record.kind === 'control') return record.outcomes.flat(2);
    if (record.kind !== 'edit') return [];
    return [record.unsteered, ...record.steered.flat(), ...record.ablated];
  });
  const cut = (why: EditOutcome['finish']): number =>
    outcomes.filter(({ finish }) => finish === why).length;
  return { all: outcomes.length, length: cut('length'), context: cut('context') };
}

/** The patches of a split at one setting. */
export function patchesOf(
  { records }: Recorded,
  split: CausalSplit,
  setting: PatchSetting,
): PatchRecord[] {
  return records.filter(
    (r): r is PatchRecord => r.kind === 'patch' && r.split === split && r.setting === setting,
  );
}

/** Units × columns, of one number per unit and column. */
export function tableOf<T>(
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

/** Whether an output is one: for want of positions there is none, or a part that is compared with nothing. */
function isWhole(outcome: EditOutcome | undefined): outcome is EditOutcome {
  return outcome !== undefined && outcome.finish !== 'context';
}

/** What is compared: the edit ratio, where no other metric was asked for. */
function valueOf(outcome: EditOutcome): number | null {
  if (!isWhole(outcome)) return null;
  const { metric, editRatio } = outcome;
  return metric === undefined ? editRatio : metric;
}

/** The change of the metric that an edit makes. */
function changeOf(edited: EditOutcome | undefined, { unsteered }: EditRecord): number | null {
  const [before, after] = [valueOf(unsteered), edited ? valueOf(edited) : null];
  return before === null || after === null ? null : after - before;
}

/** Slope of the metric of one sentence, through 0; null where a value is missing. */
export function slopeOf(
  outcomes: readonly (EditOutcome | undefined)[],
  coefficients: readonly number[],
  unsteered: EditRecord,
): number | null {
  const changes = outcomes.map((outcome) => changeOf(outcome, unsteered));
  const known = changes.filter((change) => change !== null);
  return known.length < coefficients.length
    ? null
    : fitLine([0, ...coefficients], [0, ...known]).slope;
}

/** Problems × layers by a measure; patching's is the {@link boundaryTable}. */
export function measureTable(
  options: Pick<CausalSummaryOptions, 'records' | 'layers' | 'coefficients'>,
  measure: Measure,
  split: CausalSplit,
): UnitTable {
  const { layers, coefficients } = options;
  if (measure === 'patching') return boundaryTable(options, split);
  return tableOf(editsOf(options, split), layers.length, (edit, i) =>
    measure === 'steering'
      ? slopeOf(edit.steered[i] ?? [], coefficients, edit)
      : changeOf(edit.ablated[i], edit),
  );
}

/**
 * The boundary token's effects, the last column, of both ways of the exchange: pairs × (layers of
 * one way, then of the other). The ways have pairs of their own; the longer list is cut.
 */
export function boundaryTable(
  options: Pick<CausalSummaryOptions, 'records' | 'layers'>,
  split: CausalSplit,
): UnitTable {
  const layers = options.layers.length;
  const [into, back] = (['correctIntoCopy', 'copyIntoCorrect'] as const).map((setting) =>
    patchesOf(options, split, setting),
  );
  const units = (into ?? []).slice(0, back?.length).map((pair, i) => [pair, back?.[i]]);
  return tableOf(units, 2 * layers, (ways, c) => {
    const way = ways[Math.floor(c / layers)];
    return way?.outcomes[c % layers]?.at(-1)?.effect ?? null;
  });
}

/** What each layer holds, from the means of {@link boundaryTable}. */
export function heldOf(means: readonly number[]): number[] {
  const layers = means.length / 2;
  return holds({ correctIntoCopy: means.slice(0, layers), copyIntoCorrect: means.slice(layers) });
}

/** The effect map: layers × coefficients, over problems. */
export function steeringEffects(
  edits: readonly EditRecord[],
  { metric, layers, scale, coefficients, meanNorms }: CausalSummaryOptions,
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
    metric: metric.name,
    baseline: mean(edits.flatMap(({ unsteered }) => valueOf(unsteered) ?? [])),
    unit: `${unitText}; one layer at a time`,
    unitValue: layers.map((layer) => scale * (meanNorms[layer] ?? NaN)),
    layers: [...layers],
    coefficients: grid,
    effect: effects.map((row) => row.map((cell) => cell.mean)),
    ci: effects.map((row) => row.map((cell) => cell.ci)),
    degenerate: layers.map((_, i) =>
      tableMeans(
        tableOf(edits, grid.length, (edit, c) => {
          const found = outcome(edit, i, c);
          return isWhole(found) ? Number(found.degenerate) : null;
        }),
      ),
    ),
    n: edits.length,
  };
}

/** The `i`th of the layers ablated. */
export function ablated(
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
    const alike = edits.filter(
      ({ unsteered, ablated }) =>
        isWhole(unsteered) && isWhole(ablated[i]) && unsteered.copied === copied,
    );
    const kept = alike.filter((edit) => edit.ablated[i]?.copied === copied).length;
    return { n: alike.length, ...rateOf(kept, alike.length) };
  };
  return {
    layer,
    change: change?.mean ?? null,
    ci: change?.ci ?? null,
    stillCopied: still(true),
    stillCorrected: still(false),
  };
}

/** One setting's patches on test pairs. */
export function patchMap(
  options: CausalSummaryOptions,
  setting: PatchSetting,
  random: Random,
): PatchMap {
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
