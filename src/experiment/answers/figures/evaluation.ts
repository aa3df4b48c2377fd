/** Rates with their intervals, one row each: systems compared, and a corrector's sentence rates. */
import type { Interval } from '../../../math/interval.js';
import type { CorrectorSummary, EvaluatedSystem, EvaluateSummary } from '../evaluate/shape.js';
import { colours, countText, plotText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import { errorBars } from '../../../plot/axes.js';
import { legendName } from '../../../plot/layout/legend.js';
import { defaultRoom, panelLayout, type Room } from '../../../plot/layout/panels.js';

interface Series {
  name: string;
  colour: string;
  symbol: string;
  rows: { label: string; value: number | null; ci: Interval | null; note: string }[];
}

/** A rate over `n` sentences. */
type SentenceRate = CorrectorSummary['goodCopied'];

/** Of the groups of questions, in turn. */
const groupSymbols = ['circle-open', 'square-open', 'triangle-up-open', 'star-open'];

/** Accuracy of every system, also by group, and what it fixes and breaks against the upstream alone. */
export function evaluationFigure(options: EvaluateSummary & { room?: Room }): Figure {
  const { systems, room = defaultRoom } = options;
  type Value = { value: number | null; ci: Interval | null; n?: number };
  const row = (pick: (system: EvaluatedSystem) => Value): Series['rows'] =>
    systems.map((system) => {
      const { value, ci, n } = pick(system);
      return { label: system.name, value, ci, note: n === undefined ? '' : `n = ${n}` };
    });
  const groups = [...new Set(systems.flatMap((system) => system.groups.map(({ group }) => group)))];
  const accuracy = { name: 'accuracy', colour: colours.correct, symbol: 'circle' };
  const fixed = { name: 'fixed, of the wrong', colour: colours.accuracy, symbol: 'diamond' };
  const broken = { name: 'broken, of the right', colour: colours.degenerate, symbol: 'x' };
  return rateFigure({
    room,
    apart: groups.length > 1 ? 0.11 : 0.14,
    labels: systems.map(({ name }) => name),
    series: [
      { ...accuracy, rows: row(({ accuracy: value, ci, n }) => ({ value, ci, n })) },
      ...groups.map((name, i) => ({
        ...accuracy,
        name: legendName(`accuracy, ${name}${groupCount(systems, name)}`),
        symbol: groupSymbols[i % groupSymbols.length] ?? 'circle-open',
        rows: row((system) => {
          const own = system.groups.find(({ group }) => group === name);
          return { value: own?.accuracy ?? null, ci: own?.ci ?? null, n: own?.n ?? 0 };
        }),
      })),
      { ...fixed, rows: row(({ fixRate, fixRateCi: ci, fixN: n }) => ({ value: fixRate, ci, n })) },
      {
        ...broken,
        rows: row(({ breakRate, breakRateCi: ci, breakN: n }) => ({ value: breakRate, ci, n })),
      },
    ],
  });
}

/** ` (n = 120)`, of one group; nothing where it has no answer. */
function groupCount(systems: EvaluateSummary['systems'], name: string): string {
  const own = systems.flatMap(({ groups }) => groups.filter(({ group }) => group === name));
  return own.length === 0 ? '' : ` (n = ${countText(own.map(({ n }) => n))})`;
}

/** Caption of {@link evaluationFigure}: what the rates are over, n and intervals. */
export function evaluationCaption({ systems }: EvaluateSummary): string {
  const counts = systems
    .map(({ name, n, fixN, breakN }) => {
      const paired = fixN !== undefined && breakN !== undefined && fixN + breakN > 0;
      return `${name} n = ${n}${paired ? ` (${fixN} wrong and ${breakN} right by the upstream alone)` : ''}`;
    })
    .join(', ');
  return (
    'Accuracy: share of problems answered right; fixed: right, of those that the upstream alone ' +
    'answered wrong; broken: wrong, of those that it answered right. Bars: 95 % intervals over ' +
    `problems. Problems: ${counts}.`
  );
}

const rateTitles = {
  goodCopied: 'good, copied verbatim',
  badFixed: 'bad, rewritten right',
  neutralImproved: 'neutral, improved',
  surplusStopped: 'surplus, stopped',
  missingWritten: 'missing, written',
  badCopied: 'bad, copied (not noticed)',
} as const;

/** The sentence-level rates of a corrector. */
export function correctorFigure(options: CorrectorSummary & { room?: Room }): Figure {
  const keys = Object.keys(rateTitles) as (keyof typeof rateTitles)[];
  const rates = keys.map((key): [string, SentenceRate] => [
    counted(rateTitles[key], options[key]),
    options[key],
  ]);
  const faults = Object.entries(options.byFault).map(([fault, rate]): [string, SentenceRate] => [
    counted(`bad, ${fault}`, rate),
    rate,
  ]);
  const toRow = ([label, { rate, ci, n }]: [string, SentenceRate]): Series['rows'][number] => ({
    label,
    value: rate,
    ci,
    note: `n = ${n}`,
  });
  return rateFigure({
    room: options.room ?? defaultRoom,
    apart: 0,
    labels: [...rates, ...faults].map(([label]) => label),
    series: [
      { name: 'all', colour: colours.correct, symbol: 'circle', rows: rates.map(toRow) },
      { name: 'by fault', colour: colours.copy, symbol: 'square', rows: faults.map(toRow) },
    ],
  });
}

function counted(title: string, { n }: SentenceRate): string {
  return `${title} (n = ${n})`;
}

/** Caption of {@link correctorFigure}: n and intervals. */
export function correctorCaption({ n }: CorrectorSummary): string {
  return (
    `Share of the sentences of each kind, on n = ${n} recorded quadruples (n of each kind ` +
    'beside its name); bars: 95 % intervals.'
  );
}

function rateFigure(options: {
  labels: readonly string[];
  series: readonly Series[];
  /** Rows that series of one label stand apart, so that their bars do not hide each other. */
  apart: number;
  room: Room;
}): Figure {
  const { labels, series, apart, room } = options;
  const place = new Map(labels.map((label, i) => [label, i]));
  const shown = series
    .map((s) => ({ ...s, rows: s.rows.filter((row) => row.value !== null) }))
    .filter((s) => s.rows.length > 0);
  const data = shown.map(({ name, colour, symbol, rows }, i) => ({
    type: 'scatter',
    mode: 'markers',
    name,
    x: rows.map((row) => row.value),
    y: rows.map((row) => (place.get(row.label) ?? 0) + apart * (i - (shown.length - 1) / 2)),
    error_x: errorBars(rows.map(({ value, ci }) => ({ value: value ?? 0, ci }))),
    marker: { color: colour, symbol, size: 10 },
    // Whole marks at 0 and 1.
    cliponaxis: false,
    text: rows.map((row) => row.note),
    hovertemplate: `%{x:.3f} %{text}<extra>${plotText(name)}</extra>`,
  }));
  const panel = {
    x: { title: 'share', range: [-0.02, 1.02] as const, own: { zeroline: false } },
    y: {
      range: [labels.length - 0.5, -0.5] as const,
      names: { at: labels.map((_, i) => i), text: labels, all: true },
      own: { zeroline: false },
    },
  };
  const height = 40 + 48 * Math.max(2, labels.length);
  const legend = shown.map(({ name }) => name);
  const rows = [{ panels: [panel], height, legend }];
  return { data, layout: { ...panelLayout({ rows }, room).layout, showlegend: true } };
}
