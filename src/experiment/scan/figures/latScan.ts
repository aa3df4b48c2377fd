/**
 * The LAT heat map: readings by layer and output token, a case that corrects beside one that copies,
 * and their difference. After Figure 9 of Stream Aligner and Figure 4 of Aligner; unlike those,
 * layers are absolute (0 = first block, at the bottom) and the standardisation is named.
 */
import { isPositive, type LabelNames } from '../../../read/stimuli.js';
import type { ScanCase, Standardize } from '../shape.js';
import { fixed, plotText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import type { Axis } from '../../../plot/layout/axis.js';
import type { ColourBar } from '../../../plot/layout/colourBars.js';
import {
  defaultRoom,
  narrowBelow,
  panelLayout,
  NoRoom,
  type PanelLayout,
  type Panel,
  type PlacedPanel,
  type Room,
} from '../../../plot/layout/panels.js';
import { visibleToken } from '../../../text/visibleToken.js';
import { caseTitle, sideWords } from './labelWords.js';
import { casesShown, layersShown, type Shown } from './shownLayers.js';

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

/** Stands for the prompt's last token, before the output's. */
export const boundaryMark = '→';

/** One heat map among others of its figure. */
interface HeatMap {
  /** Columns before the first output token: 1 where the boundary token was read. */
  before: number;
  strong: string;
  /** After it, the fullest form first. */
  title: readonly string[];
  /** `[layer][token]` */
  values: readonly (readonly number[])[];
  /** Of the columns. */
  labels: readonly string[];
  axisTitle: readonly string[];
  /** Per column, plotly text: what the hover says. */
  hover: readonly string[];
  coloraxis: 'coloraxis' | 'coloraxis2';
}

/** What is drawn. */
export interface LatScan extends Shown {
  cases: readonly ScanCase[];
  standardize: Standardize;
  /** What the labels are called, where they were given. */
  labels?: LabelNames;
}

/**
 * One heat map per case on one colour scale and, of two cases, their difference below, token by
 * token, on a scale of its own. Cases stand side by side, or below each other where that is narrow.
 */
export function latScanFigure(options: LatScan & { room?: Room }): Figure {
  const { labels: names, room = defaultRoom } = options;
  const cases = casesShown(options.cases, options);
  const maps = cases.map((scanCase) => caseMap(scanCase, names));
  const pair = comparedCases(cases);
  const difference = pair === null ? [] : [differenceMap(pair, names)];
  const layers = layersShown(Math.max(1, ...cases.map((c) => c.readings.length)), options);
  const stacked = maps.map((map) => [map]);
  const arranged = arrange(room, (how) => {
    const rows = [...(how.stacked ? stacked : [maps]), ...difference.map((map) => [map])];
    const lowestCase = rows.length - 1 - difference.length;
    return {
      rows: rows.map((row) => ({
        panels: row.map((map, i) => panelOf(map, { ...how, layers, first: i === 0 })),
        height: mapHeight(layers.length, how.stacked),
      })),
      colourBars: colourBars({ ...options, cases }, pair, lowestCase),
    };
  });
  const shown = [...maps, ...difference];
  return {
    data: shown.flatMap((map, i) => {
      const place = arranged.panels[i];
      return place ? [heatMapTrace(map, place, layers)] : [];
    }),
    layout: arranged.layout,
  };
}

/** Pixels; a line of the heat map is between the two, and a panel no higher than its most. */
const line = { least: 5, most: 26 };
const mostHeight = { beside: 520, stacked: 220 };

function mapHeight(layers: number, stacked: boolean): number {
  const lines = Math.max(6, layers);
  const most = stacked ? mostHeight.stacked : mostHeight.beside;
  return lines * Math.max(line.least, Math.min(line.most, most / lines));
}

interface Arrangement {
  stacked: boolean;
  /** Whether columns are named by their tokens; else by their positions, which need less room. */
  tokens: boolean;
  angle: -60 | -90;
}

/** The first arrangement whose panels have room for their layers. @throws where none has. */
function arrange(
  room: Room,
  spec: (how: Arrangement) => Parameters<typeof panelLayout>[0],
): PanelLayout {
  const narrow = room.width < narrowBelow;
  const high = room.height === undefined || room.height > 1.4 * room.width;
  const angle = narrow ? -90 : -60;
  const ways: Arrangement[] = [
    { stacked: narrow && high, tokens: true, angle },
    { stacked: false, tokens: true, angle: -90 },
    { stacked: false, tokens: false, angle },
  ];
  for (const how of ways) {
    try {
      return panelLayout(spec(how), room);
    } catch (error) {
      if (!(error instanceof NoRoom) || how === ways.at(-1)) throw error;
    }
  }
  throw new Error('latScan: there is no arrangement (expected one)');
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
export function latScanCaption(options: LatScan): string {
  const { standardize, labels, shownLayers } = options;
  const cases = casesShown(options.cases, options);
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
    ...(shownLayers ? [`Of all layers, these are shown: ${shownLayers.join(', ')}.`] : []),
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
export function columnsOf({ readings, boundary }: ScanCase): number[][] {
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

/** A token as a label of limited length; ` has` and `has` are two tokens, so a blank is shown. */
export function tokenLabel(token: string): string {
  const shown = visibleToken(token).replace(/^ +| +$/g, (blanks) => '␣'.repeat(blanks.length));
  return shortened(shown, 14);
}

function shortened(text: string, most: number): string {
  const characters = [...text];
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : text;
}

function caseMap(scanCase: ScanCase, names?: LabelNames): HeatMap {
  const { label, id, tokens, boundary } = scanCase;
  return {
    before: boundary ? 1 : 0,
    strong: caseTitle(label, names),
    title: [` · ${id}`],
    values: columnsOf(scanCase),
    labels: [...(boundary ? [boundaryMark] : []), ...tokens.map(tokenLabel)],
    axisTitle: ['output token'],
    hover: [
      ...(boundary ? ['of the prompt, the last'] : []),
      ...tokens.map((token, t) => `${t} ${plotText(JSON.stringify(token))}`),
    ],
    coloraxis: 'coloraxis',
  };
}

function differenceMap(pair: [ScanCase, ScanCase], names?: LabelNames): HeatMap {
  const [a, b] = pair;
  const title = (one: ScanCase): string => caseTitle(one.label, names);
  const before = a.boundary && b.boundary ? 1 : 0;
  const values = difference(pair);
  const columns = (values[0] ?? []).slice(before);
  const quoted = (token: string | undefined): string => plotText(JSON.stringify(token ?? ''));
  return {
    strong: 'difference',
    title: [` · ${title(a)} − ${title(b)}`],
    values,
    before,
    labels: [...(before ? [boundaryMark] : []), ...columns.map((_, t) => String(t))],
    axisTitle: ['position of the output token (0 = first)', 'position of the output token'],
    hover: [
      ...(before ? ['of the prompt, the last'] : []),
      ...columns.map((_, t) => `${t} ${quoted(a.tokens[t])} − ${quoted(b.tokens[t])}`),
    ],
    coloraxis: 'coloraxis2',
  };
}

/** Layers stand at their places among those that are shown, so the hover must name them. */
function heatMapTrace(
  map: HeatMap,
  place: PlacedPanel,
  layers: readonly number[],
): Record<string, unknown> {
  const { values, hover, coloraxis } = map;
  const what = coloraxis === 'coloraxis' ? 'reading' : 'difference';
  const gap = place.height / layers.length < 9 || place.width / map.labels.length < 9 ? 0 : 1;
  return {
    type: 'heatmap',
    x: map.labels.map((_, t) => t - map.before),
    y: values.map((_, row) => row),
    z: values,
    text: values.map((_, row) => hover.map((token) => `layer ${layers[row]}, token ${token}`)),
    hovertemplate: `%{text}<br>${what} %{z:.2f}<extra></extra>`,
    coloraxis,
    ...{ xaxis: place.x, yaxis: place.y, xgap: gap, ygap: gap },
  };
}

function panelOf(
  { labels, axisTitle, coloraxis, before, strong, title }: HeatMap,
  { tokens, angle, layers, first }: Arrangement & { layers: readonly number[]; first: boolean },
): Panel {
  const plain = { showgrid: false, zeroline: false };
  const at = labels.map((_, t) => t - before);
  const named = tokens && coloraxis === 'coloraxis';
  // Positions, not names, so that equal tokens keep columns of their own.
  const text = named ? labels : at.map((t) => (t < 0 ? boundaryMark : String(t)));
  const x: Axis = {
    title: named ? axisTitle : ['position of the output token', 'output token', 'token'],
    range: [-0.5 - before, Math.max(1, labels.length - before) - 0.5],
    names: { at, text, angle: named ? angle : 0 },
    own: plain,
  };
  const y: Axis = {
    ...(first && { title: ['layer (0 = first block)', 'layer'] }),
    range: [-0.5, layers.length - 0.5],
    names: { at: [...layers.keys()], text: layers.map(String) },
    unlabelled: !first,
    own: plain,
  };
  return { strong, title, x, y, weight: Math.max(4, labels.length) };
}

function colourBars(
  { cases, standardize }: LatScan,
  pair: [ScanCase, ScanCase] | null,
  lowestCase: number,
): ColourBar[] {
  const unit = readingUnits[standardize];
  const own: ColourBar = {
    ...{ axis: 'coloraxis', rows: [0, lowestCase], title: [unit, 'reading'] },
    limit: colourLimit(cases.flatMap(columnsOf), standardize),
  };
  if (pair === null) return [own];
  const other: ColourBar = {
    ...{ axis: 'coloraxis2', rows: [lowestCase + 1, lowestCase + 1] },
    title: [unit.replace('reading', 'difference'), 'difference', 'diff.'],
    limit: differenceLimit(pair, standardize),
  };
  return [own, other];
}
