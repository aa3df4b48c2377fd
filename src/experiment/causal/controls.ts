/** The tested direction beside random ones, one layer at a time, on the same problems. */
import { bootstrapMeans, type UnitTable } from '../../math/bootstrap.js';
import type { Random } from '../../math/random.js';
import { median } from '../../math/summary.js';
import { editsOf, slopeOf, tableOf, type CausalSummaryOptions } from './effects.js';
import type { ControlRecord, EditRecord, LayerControl, LayerControls } from './shape.js';
import { tableMeans, takeColumns } from '../sweep/fit.js';

const resamples = 1000;

type Given = Pick<CausalSummaryOptions, 'records' | 'layers' | 'coefficients' | 'controlled'>;

/** Per layer, slopes of problems × (tested, then random directions); null without controls. */
export function controlSlopes(given: Given): UnitTable[] | null {
  const { layers, coefficients, controlled } = given;
  const edits = new Map(editsOf(given, 'test').map((edit) => [edit.problem, edit]));
  const pairs = given.records.flatMap((control): { control: ControlRecord; edit: EditRecord }[] => {
    const edit = control.kind === 'control' ? edits.get(control.problem) : undefined;
    return edit && control.kind === 'control' ? [{ control, edit }] : [];
  });
  const [first] = pairs;
  if (!first) return null;
  const at = controlled.map((c) => coefficients.indexOf(c));
  return layers.map((_, layer) =>
    tableOf(pairs, 1 + first.control.outcomes.length, ({ control, edit }, column) => {
      const outcomes =
        column === 0
          ? at.map((c) => edit.steered[layer]?.[c])
          : (control.outcomes[column - 1]?.[layer] ?? []);
      return slopeOf(outcomes, controlled, edit);
    }),
  );
}

/** Undefined where no random direction was tried. */
export function layerControls(given: Given, random: Random): LayerControls | undefined {
  const tables = controlSlopes(given);
  if (!tables) return undefined;
  return {
    n: tables[0]?.units ?? 0,
    coefficients: [...given.controlled],
    perLayer: given.layers.flatMap((layer, i) => {
      const table = tables[i];
      return table ? [layerControl(layer, table, random.fork(`controls ${layer}`))] : [];
    }),
  };
}

function layerControl(layer: number, table: UnitTable, random: Random): LayerControl {
  const [tested] = bootstrapMeans({ ...takeColumns(table, [0]), random, resamples });
  const slopes = tableMeans(table)
    .slice(1)
    .flatMap((slope) => slope ?? []);
  const sizes = slopes.map(Math.abs);
  const own = tested?.mean ?? null;
  return {
    layer,
    tested: own,
    ci: tested?.ci ?? null,
    random: slopes,
    median: sizes.length > 0 ? median(sizes) : null,
    max: sizes.length > 0 ? Math.max(...sizes) : null,
    exceeded: own === null ? 0 : sizes.filter((size) => Math.abs(own) > size).length,
  };
}
