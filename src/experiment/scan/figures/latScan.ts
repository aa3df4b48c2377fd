/**
 * The LAT heat map: readings by layer and output token, a case that corrects beside one that copies,
 * and their difference. After Figure 9 of Stream Aligner and Figure 4 of Aligner; unlike those,
 * layers are absolute (0 = first block, at the bottom) and the standardisation is named.
 */
import { isPositive, type LabelNames } from '../../../read/stimuli.js';
import type { ScanCase, Standardize } from '../shape.js';
import { diverging, fixed, plotText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import { visibleToken } from '../../../text/visibleToken.js';
import { panelGrid } from '../../../plot/panels.js';
import type { PanelGrid } from '../../../plot/panels.js';
import { caseTitle, sideWords } from './labelWords.js';

export const readingUnits: Record<Standardize, string> = {
  zscore: 'reading (z-score)',
  raw: 'reading (projection)',
  cosine: 'reading (cosine)',
};

/** The papers' colour scale. */
const zscoreLimit = 3;

/**
 * Ends of the symmetric colour scale: ±3 for z-scores, else ± the largest reading.
 * @param readings `[layer][token]`, of all cases shown together.
 */
export function colourLimit(
  readings: readonly (readonly number[])[],
  standardize: Standardize,
): number {
  if (standardize === 'zscore') return zscoreLimit;
  const largest = Math.max(0, ...readings.flat().map((value) => Math.abs(value)));
  return largest > 0 ? largest : 1;
}

/** Characters of a case's id that fit over its heat map in one column of a paper. */
const titleLength = 24;

/** Stands for the prompt's last token, before the output's. */
export const boundaryMark = '→';

/** One heat map among others of its figure. */
interface Panel {
  /** Columns before the first output token: 1 where the boundary token was read. */
  before: number;
  title: string;
  /** `[layer][token]` */
  values: readonly (readonly number[])[];
  /** Of the columns. */
  labels: readonly string[];
  axisTitle: string;
  /** Per column, plotly text: what the hover says. */
  hover: readonly string[];
  coloraxis: 'coloraxis' | 'coloraxis2';
}

/** What is drawn. */
export interface LatScan {
  cases: readonly ScanCase[];
  standardize: Standardize;
  /** What the labels are called, where they were given. */
  labels?: LabelNames;
}

/**
 * One heat map per case on one colour scale and, of two cases, their difference below, token by
 * token, on a scale of its own.
 * @param options.narrow one below the other, for one column of a paper; default: cases side by side.
 */
export function latScanFigure(options: LatScan & { narrow?: boolean }): Figure {
  const { cases, labels: names, narrow = false } = options;
  const panels = cases.map((scanCase) => casePanel(scanCase, names));
  const pair = comparedCases(cases);
  const rows = narrow ? panels.map((panel) => [panel]) : [panels];
  if (pair !== null) rows.push([differencePanel(pair, names)]);
  const layers = Math.max(1, ...cases.map((c) => c.readings.length));
  const grid = panelGrid({
    rows: rows.map((row) => row.map((panel) => Math.max(4, panel.labels.length))),
    lines: layers,
    narrow,
    labelLengths: rows.map((row) => longest(row.flatMap(({ labels }) => labels))),
  });
  return {
    data: rows.flat().map((panel, i) => heatMap(panel, grid, i)),
    layout: {
      height: grid.height,
      margin: grid.margin,
      ...axes(rows.flat(), grid, layers),
      ...colourAxes(options, grid),
      annotations: rows.flat().map((panel, i) => panelTitle(panel, grid, i)),
    },
  };
}

function longest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => [...text].length));
}

/** Two cases, the positive label's first; null where there are not two. */
function comparedCases(cases: readonly ScanCase[]): [ScanCase, ScanCase] | null {
  const [a, b] = cases;
  if (a === undefined || b === undefined || cases.length > 2) return null;
  return !isPositive(a.label) && isPositive(b.label) ? [b, a] : [a, b];
}

/** Over the tokens that both have, `[layer][token]`. */
function difference([a, b]: [ScanCase, ScanCase]): number[][] {
  const tokens = Math.min(a.tokens.length, b.tokens.length);
  return a.readings.map((row, layer) => {
    const before = a.boundary && b.boundary ? [(a.boundary[layer] ?? 0) - (b.boundary[layer] ?? 0)] : []; // prettier-ignore
    return [
      ...before,
      ...Array.from({ length: tokens }, (_, t) => (row[t] ?? 0) - (b.readings[layer]?.[t] ?? 0)),
    ];
  });
}

/** Twice a case's ±3, so that two cells at opposite ends still fit; else the largest difference. */
function differenceLimit(pair: [ScanCase, ScanCase], standardize: Standardize): number {
  return standardize === 'zscore' ? 2 * zscoreLimit : colourLimit(difference(pair), standardize);
}

/** Caption of {@link latScanFigure}: unit, scale, and how many readings lie beyond it. */
export function latScanCaption({ cases, standardize, labels }: LatScan): string {
  const readings = cases.flatMap(columnsOf);
  const limit = colourLimit(readings, standardize);
  const pair = comparedCases(cases);
  const { positive, negative } = sideWords(labels);
  return [
    `Each cell is the ${readingUnits[standardize]} of one output token's hidden state on the`,
    `direction, after one block; positive (red) points to ${positive}, negative (blue) to ${negative}.`,
    `Colours span ±${fixed(limit)}.${beyond(readings, limit, 'readings')}`,
    ...(cases.some(({ boundary }) => boundary) ? [boundaryCaption(standardize)] : []),
    ...(pair === null ? [] : [differenceCaption(pair, standardize)]),
    `n = ${cases.length} ${cases.length === 1 ? 'case' : 'cases'}; single cases have no interval.`,
  ].join(' ');
}

function boundaryCaption(standardize: Standardize): string {
  const unit =
    standardize === 'zscore'
      ? ', there in standard deviations from the threshold between the labels'
      : '';
  return `The first column (${boundaryMark}) is the prompt's last token, where the decision is read and the accuracy measured${unit}.`;
}

/** Readings with the boundary token's before them, `[layer][column]`. */
function columnsOf({ readings, boundary }: ScanCase): number[][] {
  return readings.map((row, layer) => (boundary ? [boundary[layer] ?? 0, ...row] : [...row]));
}

function differenceCaption(pair: [ScanCase, ScanCase], standardize: Standardize): string {
  const limit = differenceLimit(pair, standardize);
  const values = difference(pair);
  return (
    `Below, one case minus the other, over the ${Math.min(pair[0].tokens.length, pair[1].tokens.length)} output tokens that both ` +
    `have, in the same unit, on ±${fixed(limit)}.${beyond(values, limit, 'differences')}`
  );
}

function beyond(values: readonly (readonly number[])[], limit: number, what: string): string {
  const all = values.flat();
  const count = all.filter((value) => Math.abs(value) > limit).length;
  return count === 0 ? '' : ` ${count} of ${all.length} ${what} lie beyond the scale.`;
}

/** A token as a label of limited length. */
export function tokenLabel(token: string): string {
  return shortened(visibleToken(token).trim(), 14);
}

function shortened(text: string, most: number): string {
  const characters = [...text];
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : text;
}

function casePanel(scanCase: ScanCase, names?: LabelNames): Panel {
  const { label, id, tokens, boundary } = scanCase;
  return {
    before: boundary ? 1 : 0,
    title: `<b>${plotText(caseTitle(label, names))}</b> · ${plotText(shortened(id, titleLength))}`,
    values: columnsOf(scanCase),
    labels: [...(boundary ? [boundaryMark] : []), ...tokens.map(tokenLabel)],
    axisTitle: 'output token',
    hover: [
      ...(boundary ? ['of the prompt, the last'] : []),
      ...tokens.map((token, t) => `${t} ${plotText(JSON.stringify(token))}`),
    ],
    coloraxis: 'coloraxis',
  };
}

function differencePanel(pair: [ScanCase, ScanCase], names?: LabelNames): Panel {
  const [a, b] = pair;
  const title = (one: ScanCase): string => plotText(caseTitle(one.label, names));
  const before = a.boundary && b.boundary ? 1 : 0;
  const values = difference(pair);
  const columns = (values[0] ?? []).slice(before);
  const quoted = (token: string | undefined): string => plotText(JSON.stringify(token ?? ''));
  return {
    title: `<b>difference</b> · ${title(a)} − ${title(b)}`,
    values,
    before,
    labels: [...(before ? [boundaryMark] : []), ...columns.map((_, t) => String(t))],
    axisTitle: 'position of the output token (0 = first)',
    hover: [
      ...(before ? ['of the prompt, the last'] : []),
      ...columns.map((_, t) => `${t} ${quoted(a.tokens[t])} − ${quoted(b.tokens[t])}`),
    ],
    coloraxis: 'coloraxis2',
  };
}

function heatMap(panel: Panel, grid: PanelGrid, index: number): Record<string, unknown> {
  const { values, hover, coloraxis } = panel;
  const place = grid.panels[index];
  const what = coloraxis === 'coloraxis' ? 'reading' : 'difference';
  return {
    type: 'heatmap',
    x: panel.labels.map((_, t) => t - panel.before),
    y: values.map((_, layer) => layer),
    z: values,
    text: values.map(() => hover),
    hovertemplate: `layer %{y}, token %{text}<br>${what} %{z:.2f}<extra></extra>`,
    coloraxis,
    xaxis: place?.x,
    yaxis: place?.y,
    xgap: grid.gap,
    ygap: grid.gap,
  };
}

function axes(
  panels: readonly Panel[],
  grid: PanelGrid,
  layers: number,
): Record<string, Record<string, unknown>> {
  const plain = { showgrid: false, zeroline: false };
  const all: Record<string, Record<string, unknown>> = {};
  panels.forEach(({ labels, axisTitle, coloraxis, before }, i) => {
    const place = grid.panels[i];
    if (place === undefined) return;
    const shown = labels.map((_, t) => t - before).filter((t) => t < 0 || t % grid.labelStep === 0);
    all[place.x.replace('x', 'xaxis')] = {
      ...plain,
      domain: place.across,
      anchor: place.y,
      tickmode: 'array',
      // Positions, not names, so that equal tokens keep columns of their own.
      tickvals: shown,
      ticktext: shown.map((t) => plotText(labels[t + before] ?? '')),
      tickangle: coloraxis === 'coloraxis' ? grid.labelAngle : 0,
      tickfont: { size: 12 },
      title: { text: axisTitle },
    };
    all[place.y.replace('y', 'yaxis')] = {
      ...plain,
      domain: place.down,
      title: { text: grid.narrow ? 'layer' : 'layer (0 = first block)' },
      tickmode: 'linear',
      dtick: grid.tickStep,
      range: [-0.5, layers - 0.5],
    };
  });
  return all;
}

function colourAxes({ cases, standardize }: LatScan, grid: PanelGrid): Record<string, unknown> {
  const pair = comparedCases(cases);
  const axis = (limit: number, text: string, rows: [number, number]): Record<string, unknown> => ({
    colorscale: diverging,
    cmin: -limit,
    cmid: 0,
    cmax: limit,
    colorbar: {
      title: { text, side: 'right' },
      // Beside the panels that it explains.
      y: (rows[0] + rows[1]) / 2,
      len: rows[1] - rows[0],
    },
  });
  const limit = colourLimit(cases.flatMap(columnsOf), standardize);
  const unit = readingUnits[standardize];
  const downs = grid.panels.map((place) => place.down);
  const last = downs.at(-1) ?? [0, 1];
  if (pair === null) return { coloraxis: axis(limit, unit, [last[0], 1]) };
  const lowestCase = downs.at(-2) ?? [0, 1];
  return {
    coloraxis: axis(limit, unit, [lowestCase[0], 1]),
    coloraxis2: axis(
      differenceLimit(pair, standardize),
      unit.replace('reading', 'difference'),
      last,
    ),
  };
}

function panelTitle(panel: Panel, grid: PanelGrid, index: number): Record<string, unknown> {
  const place = grid.panels[index];
  return {
    text: panel.title,
    x: ((place?.across[0] ?? 0) + (place?.across[1] ?? 1)) / 2,
    y: place?.down[1] ?? 1,
    yshift: 8,
    xref: 'paper',
    yref: 'paper',
    xanchor: 'center',
    yanchor: 'bottom',
    showarrow: false,
  };
}
