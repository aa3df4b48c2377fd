/** Times of the systems: per token, and until the first text that a reader sees. */
import type { CompareSummary } from '../compare/shape.js';
import { errorBars } from '../../../plot/axes.js';
import {
  defaultRoom,
  narrowBelow,
  panelLayout,
  type Panel,
  type PlacedPanel,
  type Room,
} from '../../../plot/layout/panels.js';
import { colours, countText, fixed, intervalText, plotText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import { kindStyles, type ShownKind } from './systemStyles.js';

type Comparison = Pick<CompareSummary, 'systems' | 'bestOf' | 'latency'>;
type Timing = Comparison['systems'][number]['timing'];

interface Row {
  name: string;
  kind: ShownKind;
  timing: Timing;
}

const measures = [
  { key: 'perToken', titles: ['time per visible token (ms)', 'ms per token'] },
  { key: 'firstText', titles: ['time to the first text (ms)', 'ms to first text'] },
] as const;

/** A line per system; two panels side by side, or below each other where it is narrow and high. */
export function latencyFigure(options: Comparison & { room?: Room }): Figure {
  const { room = defaultRoom } = options;
  const rows = rowsOf(options);
  const names = { at: rows.map((_, i) => i), text: rows.map(({ name }) => name), all: true };
  const panelOf = ({ key, titles }: (typeof measures)[number], unlabelled: boolean): Panel => ({
    x: { title: titles, times: rows.flatMap(({ timing }) => valuesOf(timing[key])) },
    y: { range: [rows.length - 0.5, -0.5], names, unlabelled, own: { zeroline: false } },
  });
  const height = 26 * Math.max(4, rows.length);
  const below = room.width < narrowBelow && room.height === undefined;
  const { layout, panels } = panelLayout(
    {
      rows: below
        ? measures.map((measure) => ({ panels: [panelOf(measure, false)], height }))
        : [{ panels: measures.map((measure, i) => panelOf(measure, i > 0)), height }],
    },
    room,
  );
  return {
    data: measures.flatMap(({ key }, i) => {
      const panel = panels[i];
      return panel ? [timeTrace(rows, key, panel)] : [];
    }),
    layout: { ...layout, showlegend: false },
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

/** A value and the ends of its interval. */
function valuesOf({ value, ci }: Timing['perToken']): number[] {
  return value === null ? [] : [value, ...(ci ?? [])];
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
  panel: PlacedPanel,
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
    ...{ xaxis: panel.x, yaxis: panel.y },
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
