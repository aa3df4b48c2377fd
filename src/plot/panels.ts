/** Where several heat maps of one figure stand: rows of panels, with room for the tokens' labels. */

export interface PanelGrid {
  /** Row by row. Shares of the plot area: `across` from the left, `down` from the bottom. */
  panels: { x: string; y: string; across: [number, number]; down: [number, number] }[];
  /** CSS pixels. */
  height: number;
  margin: { t: number; r: number; b: number; l: number };
  narrow: boolean;
  /** Pixels between cells. */
  gap: number;
  labelAngle: number;
  /** One column in so many has a label, so that none covers another. */
  labelStep: number;
  /** One line in so many has a number. */
  tickStep: number;
}

/** Pixels; a line of the heat map is between the two, and a panel no higher than its most. */
const lineHeight = { least: 5, most: 26 };
const panelHeight = { wide: 520, narrow: 220 };
/** What a row of panels has for its labels, in the narrowest window that is provided for. */
const rowWidth = { wide: 1000, narrow: 260 };
const labelWidth = 13;
/** Of a character of a label. */
const characterWidth = 6.5;
const titleHeight = 30;
const axisTitleHeight = 40;
const gapAcross = 0.04;

/**
 * @param options.rows per row the panels' widths, in columns of the heat map.
 * @param options.lines of every heat map.
 * @param options.labelLengths per row, characters of the longest label.
 */
export function panelGrid(options: {
  rows: readonly (readonly number[])[];
  lines: number;
  narrow: boolean;
  labelLengths: readonly number[];
}): PanelGrid {
  const { rows, lines, narrow } = options;
  const most = narrow ? panelHeight.narrow : panelHeight.wide;
  const line = Math.max(lineHeight.least, Math.min(lineHeight.most, most / Math.max(6, lines)));
  const inside = line * Math.max(6, lines);
  const labelAngle = narrow ? -90 : -60;
  const slope = Math.abs(Math.sin((labelAngle * Math.PI) / 180));
  // A label of one or two characters is at least as high as its line.
  const below = options.labelLengths.map(
    (length) => Math.ceil(Math.max(2, length) * characterWidth * slope) + axisTitleHeight,
  );
  const between = below.slice(0, -1).map((pixels) => pixels + titleHeight);
  const plot = rows.length * inside + sum(between);
  const bottom = below.at(-1) ?? axisTitleHeight;
  const margin = { t: titleHeight + 10, r: 20, b: bottom, l: narrow ? 46 : 60 };
  const panels = rows.flatMap((weights, row) => {
    const top = plot - row * inside - sum(between.slice(0, row));
    const down: [number, number] = [(top - inside) / plot, top / plot];
    return sideBySide(weights).map((across) => ({ row, across, down }));
  });
  const columns = Math.max(1, ...rows.map(sum));
  const room = narrow ? rowWidth.narrow : rowWidth.wide;
  return {
    panels: panels.map(({ row, across, down }, i) => ({
      ...{ x: `x${axisNumber(i)}`, y: `y${axisNumber(row)}` },
      ...{ across, down },
    })),
    height: Math.round(plot + margin.t + margin.b),
    margin,
    narrow,
    gap: line < 9 ? 0 : 1,
    labelAngle,
    labelStep: Math.ceil((columns * labelWidth) / room),
    tickStep: [1, 2, 4, 8].find((step) => step * line >= 15) ?? 16,
  };
}

/** Plotly calls its first axis `x`, the second `x2`. */
function axisNumber(index: number): string {
  return index === 0 ? '' : String(index + 1);
}

/** Shares of the width 0 … 1 in proportion to the weights, with gaps between them. */
function sideBySide(weights: readonly number[]): [number, number][] {
  const total = sum(weights);
  const room = 1 - gapAcross * (weights.length - 1);
  let start = 0;
  return weights.map((weight) => {
    const end = start + (room * weight) / total;
    const across: [number, number] = [start, end];
    start = end + gapAcross;
    return across;
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
