/**
 * The LAT heat map: readings by layer and output token, a case that corrects beside one that copies.
 * After Figure 9 of Stream Aligner and Figure 4 of Aligner; unlike those, layers are absolute
 * (0 = first block, at the bottom) and the standardisation is named.
 */
import type { CaseLabel, ScanCase, Standardize } from '../record/summaries.js';
import { diverging, plotText } from './figure.js';
import type { Figure } from './figure.js';

/** What a label says about a case, in a title. */
export const caseTitles: Record<CaseLabel, string> = { correct: 'corrects', copy: 'copies' };

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

/** One heat map per case, side by side on one colour scale. */
export function latScanFigure(options: {
  cases: readonly ScanCase[];
  standardize: Standardize;
}): Figure {
  const { cases, standardize } = options;
  const limit = colourLimit(
    cases.flatMap((c) => c.readings),
    standardize,
  );
  const domains = sideBySide(cases.map((c) => Math.max(4, c.tokens.length)));
  const layers = Math.max(1, ...cases.map((c) => c.readings.length));
  const axes = cases.map((c, i): [string, Record<string, unknown>] => [
    `xaxis${axisNumber(i)}`,
    {
      domain: domains[i],
      anchor: 'y',
      tickmode: 'array',
      // Positions, not names, so that equal tokens keep columns of their own.
      tickvals: c.tokens.map((_, t) => t),
      ticktext: c.tokens.map((token) => plotText(tokenLabel(token))),
      tickangle: -60,
      tickfont: { size: 12 },
      showgrid: false,
      zeroline: false,
      title: { text: 'output token', standoff: 8 },
    },
  ]);
  return {
    data: cases.map((c, i) => heatMap({ scanCase: c, axis: i, limit })),
    layout: {
      height: 250 + Math.max(6, layers) * 26,
      margin: { t: 60, r: 20, b: 60, l: 60 },
      ...Object.fromEntries<Record<string, unknown>>(axes),
      yaxis: {
        title: { text: 'layer (0 = first block)' },
        tickmode: 'linear',
        dtick: layers > 16 ? 4 : 1,
        showgrid: false,
        zeroline: false,
        range: [-0.5, layers - 0.5],
      },
      coloraxis: {
        colorscale: diverging,
        cmin: -limit,
        cmid: 0,
        cmax: limit,
        colorbar: { title: { text: readingUnits[standardize], side: 'right' }, thickness: 14 },
      },
      annotations: cases.map((c, i) => subplotTitle(c, domains[i] ?? [0, 1])),
    },
  };
}

/** Caption of {@link latScanFigure}: unit, scale, and how many readings lie beyond it. */
export function latScanCaption(options: {
  cases: readonly ScanCase[];
  standardize: Standardize;
}): string {
  const readings = options.cases.flatMap((c) => c.readings);
  const limit = colourLimit(readings, options.standardize);
  const beyond = readings.flat().filter((value) => Math.abs(value) > limit).length;
  const clipped =
    beyond === 0 ? '' : ` ${beyond} of ${readings.flat().length} readings lie beyond the scale.`;
  return (
    `Each cell is the ${readingUnits[options.standardize]} of one output token's hidden state on ` +
    `the direction, after one block; positive (red) points to correcting, negative (blue) to copying. ` +
    `Colours span ±${Number(limit.toPrecision(3))}.${clipped}`
  );
}

/** A token as a label: white space that stands alone is made visible. */
export function tokenLabel(token: string): string {
  const shown = token.replace(/\n/g, '⏎').replace(/\t/g, '⇥').trim();
  const short = [...shown].length > 14 ? `${[...shown].slice(0, 13).join('')}…` : shown;
  return short === '' ? '␣' : short;
}

function heatMap(options: {
  scanCase: ScanCase;
  axis: number;
  limit: number;
}): Record<string, unknown> {
  const { scanCase, axis } = options;
  return {
    type: 'heatmap',
    name: caseTitles[scanCase.label],
    x: scanCase.tokens.map((_, t) => t),
    y: scanCase.readings.map((_, layer) => layer),
    z: scanCase.readings,
    text: scanCase.readings.map(() =>
      scanCase.tokens.map((token) => plotText(JSON.stringify(token))),
    ),
    hovertemplate: 'layer %{y}, token %{x} %{text}<br>reading %{z:.2f}<extra></extra>',
    coloraxis: 'coloraxis',
    xaxis: `x${axisNumber(axis)}`,
    yaxis: 'y',
    xgap: 1,
    ygap: 1,
  };
}

function subplotTitle(scanCase: ScanCase, domain: [number, number]): Record<string, unknown> {
  return {
    text: `<b>${caseTitles[scanCase.label]}</b> · ${plotText(scanCase.id)}`,
    x: (domain[0] + domain[1]) / 2,
    y: 1,
    yshift: 8,
    xref: 'paper',
    yref: 'paper',
    xanchor: 'center',
    yanchor: 'bottom',
    showarrow: false,
  };
}

/** Plotly calls its first axis `x`, the second `x2`. */
function axisNumber(index: number): string {
  return index === 0 ? '' : String(index + 1);
}

/** Shares of the width 0 … 1 in proportion to the weights, with gaps between them. */
function sideBySide(weights: readonly number[]): [number, number][] {
  const gap = 0.04;
  const total = weights.reduce((a, b) => a + b, 0);
  const room = 1 - gap * (weights.length - 1);
  let start = 0;
  return weights.map((weight) => {
    const end = start + (room * weight) / total;
    const domain: [number, number] = [start, end];
    start = end + gap;
    return domain;
  });
}
