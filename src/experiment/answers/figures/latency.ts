/** Times of the systems: per token, and until the first text that a reader sees. */
import type { CompareSummary } from '../compare/shape.js';
import { errorBars, timeAxis } from '../../../plot/axes.js';
import { colours, countText, fixed, intervalText, plotText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import { cellGrid, cellTitle, type GridCell } from '../../../plot/grid.js';
import { kindStyles, type ShownKind } from './systemStyles.js';

type Comparison = Pick<CompareSummary, 'systems' | 'bestOf' | 'latency'>;
type Timing = Comparison['systems'][number]['timing'];

interface Row {
  name: string;
  kind: ShownKind;
  timing: Timing;
}

const measures = [
  { key: 'perToken', title: 'time per visible token (ms)' },
  { key: 'firstText', title: 'time to the first text (ms)' },
] as const;

/** A line per system; two panels side by side, narrow: below each other. */
export function latencyFigure(options: Comparison & { narrow?: boolean }): Figure {
  const { narrow = false } = options;
  const rows = rowsOf(options);
  const lines = 26 * Math.max(4, rows.length);
  const plot = narrow ? 2 * lines + 70 : lines;
  const gap = { across: 0.04, down: 70 / plot };
  const cells = cellGrid(narrow ? { rows: 2, columns: 1, gap } : { rows: 1, columns: 2, gap });
  return {
    data: cells.flatMap((cell, i) => {
      const measure = measures[i];
      return measure ? [timeTrace(rows, measure.key, cell)] : [];
    }),
    layout: {
      height: plot + 90,
      margin: { t: 40, r: 20, b: 50, l: 60 },
      showlegend: false,
      annotations: cells.map((cell, i) => cellTitle(cell, measures[i]?.title ?? '')),
      ...Object.fromEntries(
        cells.flatMap((cell) => axesOf(cell, { rows, labels: cell.column === 0 })),
      ),
    },
  };
}

/** Caption of {@link latencyFigure}: what is timed, n, intervals, and the ratios to the Aligner. */
export function latencyCaption(options: Comparison): string {
  const ratios = options.latency.flatMap(({ size, perToken, firstText }) => [
    ...(perToken.estimate === null
      ? []
      : [`${size}: per token ${fixed(perToken.estimate)}${intervalText(perToken.ci)} of its Aligner’s`]), // prettier-ignore
    ...(firstText.estimate === null
      ? []
      : [`the Aligner’s first text after ${fixed(firstText.estimate)}${intervalText(firstText.ci)} times as long`]), // prettier-ignore
  ]);
  const n = countText(rowsOf(options).map(({ timing }) => timing.n));
  const against =
    ratios.length === 0 ? '' : ` Stream Aligner against the Aligner of its size: ${ratios.join('; ')}.`; // prettier-ignore
  return (
    `Wall time, n = ${n} problems one at a time, log scale; bars: 95 % bootstrap intervals over ` +
    'problems. First text: the first sentence of a loop or of the upstream, the whole answer of an ' +
    `Aligner, the chosen answer of best-of-n.${against}`
  );
}

function rowsOf({ systems, bestOf }: Comparison): Row[] {
  const rows: Row[] = [
    ...systems.map(({ name, kind, timing }) => ({ name, kind, timing })),
    ...bestOf.map(({ samples, timing }): Row => {
      return { name: `best-of-${samples}`, kind: 'best-of', timing };
    }),
  ];
  return rows.filter(({ timing }) => timing.n > 0);
}

function timeTrace(
  rows: readonly Row[],
  key: 'perToken' | 'firstText',
  cell: GridCell,
): Record<string, unknown> {
  const known = rows.flatMap(({ name, kind, timing }, at) => {
    const { value, ci } = timing[key];
    return value === null ? [] : [{ name, kind, n: timing.n, at, value, ci }];
  });
  return {
    type: 'scatter',
    mode: 'markers',
    x: known.map(({ value }) => value),
    y: known.map(({ at }) => at),
    ...{ xaxis: cell.x, yaxis: cell.y },
    // Marks of many colours share one trace, hence its bars one that shows on either ground.
    error_x: { ...errorBars(known), color: colours.baseline },
    marker: {
      color: known.map(({ kind }) => kindStyles[kind].colour),
      symbol: known.map(({ kind }) => kindStyles[kind].symbol),
      size: 9,
    },
    text: known.map(({ name, n, ci }) => `${plotText(name)}, n = ${n}${intervalText(ci)}`),
    hovertemplate: '%{text}: %{x:.3s} ms<extra></extra>',
  };
}

function axesOf(
  cell: GridCell,
  { rows, labels }: { rows: readonly Row[]; labels: boolean },
): [string, unknown][] {
  const ticks = { tickmode: 'array', tickvals: rows.map((_, i) => i), showticklabels: labels };
  const y = { domain: cell.down, anchor: cell.x, zeroline: false, ...ticks };
  return [
    [cell.xaxis, { domain: cell.across, anchor: cell.y, ...timeAxis }],
    [
      cell.yaxis,
      {
        ...{ ...y, range: [rows.length - 0.5, -0.5] },
        ticktext: rows.map(({ name }) => plotText(name)),
      },
    ],
  ];
}
