/** An evaluation in a terminal. */
import { figure, percentWithin, Table } from '../../../text/table.js';
import type { CorrectorSummary, EvaluateSummary } from './shape.js';

/** One row per system; a column per group of questions. */
export function systemTable({ systems }: EvaluateSummary): Table {
  const names = [...new Set(systems.flatMap((system) => system.groups.map(({ group }) => group)))];
  const rows = systems.map((system) => [
    system.name,
    String(system.n),
    percentWithin(system.accuracy, system.ci),
    ...names.flatMap((name) => {
      const own = system.groups.find(({ group }) => group === name);
      return [percentWithin(own?.accuracy, own?.ci), own ? String(own.n) : '–'];
    }),
    percentWithin(system.fixRate, null, system.fixN),
    percentWithin(system.breakRate, null, system.breakN),
    figure(system.msPerToken),
    figure(system.firstTokenMs),
  ]);
  const groups = names.flatMap((name) => [name, 'n']);
  const head = ['system', 'n', 'right', ...groups, 'fixed', 'broken', 'ms/token', 'first text ms'];
  return new Table(head, rows);
}

const rateNames = {
  goodCopied: 'good copied verbatim',
  badFixed: 'bad rewritten right',
  neutralImproved: 'neutral improved',
  surplusStopped: 'surplus stopped',
  missingWritten: 'missing written',
} as const;

/** One row per rate; two columns per group of questions. */
export function rateTable(summary: CorrectorSummary): Table {
  const parts = [summary, ...summary.groups];
  const keys = Object.keys(rateNames) as (keyof typeof rateNames)[];
  const rows = keys.map((key) => [
    rateNames[key],
    ...parts.flatMap((part) => [percentWithin(part[key].rate, part[key].ci), String(part[key].n)]),
  ]);
  const groups = summary.groups.flatMap(({ group }) => [group, 'n']);
  return new Table(['sentences', 'rate', 'n', ...groups], rows);
}
