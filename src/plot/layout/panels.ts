/**
 * Where the panels of a figure stand in the room that there is. Titles, names and legends take the
 * pixels that their text needs; the panels share what is left, so that no text lies over a panel,
 * however small the figure.
 */
import { plotText } from '../figure.js';
import { fontSize } from '../theme.js';
import { axisOf, depthBelow, leastLength, widthBeside, type Axis } from './axis.js';
import { colourAxes, barWidth, type ColourBar } from './colourBars.js';
import { legendHeight, legendOf } from './legend.js';
import { fitting, lineHeight, shortened, textWidth } from './textSize.js';

/** CSS pixels. Without a height a figure has its own. */
export interface Room {
  width: number;
  height?: number;
}

/** Of figures that are drawn without saying where: a cell of a notebook. */
export const defaultRoom: Room = { width: 900 };

/** Narrower than this, panels stand below each other. */
export const narrowBelow = 620;

export interface Panel {
  /** Over it, the fullest form first; shortened where none has room. */
  title?: readonly string[];
  /** Before its title, in bold. */
  strong?: string;
  /** null: that of the panel below is its own, too. */
  x: Axis | null;
  y: Axis;
  /** Its share of the row's width, in proportion; default 1. */
  weight?: number;
}

export interface PanelRow {
  panels: readonly Panel[];
  /** Of each panel, where the figure's height is its own. CSS pixels. */
  height: number;
  /** It is divided as if it had so many panels, like the rows above it. */
  columns?: number;
  /** Names of the curves, in a legend over the row. */
  legend?: readonly string[];
}

export interface Panels {
  rows: readonly PanelRow[];
  colourBars?: readonly ColourBar[];
  /** Room that marks need at the right end for their labels. CSS pixels. */
  right?: number;
}

export interface PlacedPanel {
  /** Plotly's names of its axes, e.g. `x2`. */
  x: string;
  y: string;
  /** CSS pixels. */
  width: number;
  height: number;
}

export interface PanelLayout {
  /** Plotly's. */
  layout: Record<string, unknown>;
  /** Row by row. */
  panels: PlacedPanel[];
}

/** Where the height that is given is less than texts and the least of panels need. */
export class NoRoom extends Error {
  /** CSS pixels that would do. */
  readonly needed: { width: number; height: number };

  constructor(needed: { width: number; height: number }, given: Room) {
    super(
      `figure: ${given.width} × ${given.height ?? 'any'} pixels are too few for its labels (expected at least ${needed.width} × ${needed.height}); draw it larger`,
    );
    this.needed = needed;
  }
}

/** CSS pixels: a narrower panel shows nothing. */
const leastWidth = 56;
const edge = { top: 10, right: 16, bottom: 4 };
/** Between panels of a row, beside what their axes need. */
const gutter = 14;

/** How closely things stand. CSS pixels. */
interface Density {
  /** Height of a panel: less shows nothing. */
  leastPanel: number;
  legendFont: number;
}

/** As loose as the room allows. */
const densities: readonly [Density, Density] = [
  { leastPanel: 48, legendFont: fontSize },
  { leastPanel: 27, legendFont: 10 },
];

/** @throws {@link NoRoom} */
export function panelLayout(spec: Panels, room: Room): PanelLayout {
  try {
    return layoutAt(spec, room, densities[0]);
  } catch (error) {
    if (!(error instanceof NoRoom) || room.height === undefined) throw error;
    return layoutAt(spec, room, densities[1]);
  }
}

function layoutAt(spec: Panels, room: Room, how: Density): PanelLayout {
  const across = placeAcross(spec, room);
  const down = placeDown(spec, room, across, how);
  const numbered = numberPanels(spec.rows);
  const layout: Record<string, unknown> = {
    height: down.height,
    margin: { t: down.top, r: across.right, b: down.bottom, l: across.left },
    ...colourAxes(spec.colourBars ?? [], down),
  };
  const annotations: unknown[] = [];
  const panels = numbered.map(({ panel, row, column, x, y }) => {
    const width = across.widths[row]?.[column] ?? 0;
    const [low, high] = down.domains[row] ?? [0, 1];
    const domain = across.domains[row]?.[column] ?? [0, 1];
    const height = down.heights[row] ?? 0;
    if (panel.x !== null) {
      layout[longName(x)] = { ...axisOf(panel.x, { side: 'x', room: width }), domain, anchor: y };
    }
    layout[longName(y)] = {
      ...axisOf(panel.y, { side: 'y', room: height, most: across.mostNames }),
      ...{ domain: [low, high], anchor: x },
    };
    if (panel.title) annotations.push(titleOf(panel, { left: domain[0], top: high, width }));
    return { x, y, width, height };
  });
  layout['annotations'] = annotations;
  let legends = 0;
  spec.rows.forEach(({ legend, panels: [first] }, row) => {
    if (!legend) return;
    legends += 1;
    const above = first?.title ? titleHeight : 0;
    const y = (down.domains[row]?.[1] ?? 1) + (above + 6) / down.plot;
    layout[legends === 1 ? 'legend' : `legend${legends}`] = legendOf(y, how.legendFont);
  });
  return { layout, panels };
}

const titleHeight = lineHeight + 6;

interface Across {
  left: number;
  right: number;
  /** CSS pixels, and shares of the plot, by row and column. */
  widths: number[][];
  domains: [number, number][][];
  inner: number;
  /** What names beside panels may take. */
  mostNames: number;
}

function placeAcross({ rows, colourBars = [], right = 0 }: Panels, { width }: Room): Across {
  const mostNames = Math.max(60, 0.36 * width);
  const besides = rows.map(({ panels }) => panels.map(({ y }) => widthBeside(y, mostNames)));
  const left = Math.ceil(Math.max(0, ...besides.map(([first = 0]) => first)));
  const end = Math.ceil(edge.right + right + (colourBars.length > 0 ? barWidth(colourBars) : 0));
  const inner = width - left - end;
  const placed = rows.map(({ panels, columns = panels.length }, row) => {
    const missing = besides[0]?.slice(panels.length, columns) ?? [];
    const gaps = [...(besides[row] ?? []), ...missing].map((beside, i) => (i === 0 ? 0 : beside + gutter)); // prettier-ignore
    const free = inner - sum(gaps);
    const weights = [...panels.map(({ weight = 1 }) => weight), ...missing.map(() => 1)];
    let start = 0;
    const ends = weights.map((weight, i): { pixels: number; domain: [number, number] } => {
      const pixels = (free * weight) / sum(weights);
      start += gaps[i] ?? 0;
      const domain: [number, number] = [start / inner, Math.min(1, (start + pixels) / inner)];
      start += pixels;
      return { pixels, domain };
    });
    return ends.slice(0, panels.length);
  });
  return {
    ...{ left, right: end, inner, mostNames },
    widths: placed.map((row) => row.map(({ pixels }) => pixels)),
    domains: placed.map((row) => row.map(({ domain }) => domain)),
  };
}

interface Down {
  height: number;
  top: number;
  bottom: number;
  /** Pixels between the upper end of the first row and the lower end of the last. */
  plot: number;
  heights: number[];
  domains: [number, number][];
}

function placeDown({ rows }: Panels, room: Room, across: Across, how: Density): Down {
  const above = rows.map(({ legend, panels }) => {
    const titled = panels.some(({ title }) => title !== undefined) ? titleHeight : 0;
    return titled + (legend ? legendHeight(legend, across.inner, how.legendFont) + 8 : 0);
  });
  const below = rows.map(
    ({ panels }, row) =>
    Math.max(10, ...panels.map(({ x }, i) => (x === null ? 0 : depthBelow(x, across.widths[row]?.[i] ?? 0)))), // prettier-ignore
  );
  const texts = edge.top + edge.bottom + sum(above) + sum(below);
  const own = sum(rows.map(({ height }) => height));
  const free = room.height === undefined ? own : room.height - texts;
  const heights = rows.map(({ height }) => (free * height) / own);
  const narrowest = Math.min(...across.widths.flat());
  const least = rows.map(({ panels }) =>
    Math.max(how.leastPanel, ...panels.map(({ y }) => leastLength(y))),
  );
  const lacking = Math.max(...heights.map((height, row) => (least[row] ?? 0) / height));
  if (free < 0 || lacking > 1 || narrowest < leastWidth) {
    const height = Math.ceil(texts + Math.max(1, lacking) * sum(heights));
    // Texts alone may take more than there is.
    const enough = free > 0 ? height : Math.ceil(texts + sum(least) * 2);
    const width = Math.ceil(room.width + Math.max(0, leastWidth - narrowest) * 3);
    throw new NoRoom({ width, height: enough }, room);
  }
  const plot = sum(heights) + sum(above.slice(1)) + sum(below.slice(0, -1));
  let from = plot;
  const domains = heights.map((pixels, row): [number, number] => {
    if (row > 0) from -= above[row] ?? 0;
    const domain: [number, number] = [Math.max(0, (from - pixels) / plot), from / plot];
    from -= pixels + (below[row] ?? 0);
    return domain;
  });
  const [top, bottom] = [edge.top + (above[0] ?? 0), edge.bottom + (below.at(-1) ?? 0)];
  return { height: Math.round(plot + top + bottom), top, bottom, plot, heights, domains };
}

interface NumberedPanel {
  panel: Panel;
  row: number;
  column: number;
  x: string;
  y: string;
}

/** Plotly calls its first axis `x`, the second `x2`. */
function numberPanels(rows: readonly PanelRow[]): NumberedPanel[] {
  const panels = rows.flatMap(({ panels: inRow }, row) =>
    inRow.map((panel, column) => ({ panel, row, column })),
  );
  const name = (letter: string, index: number): string =>
    `${letter}${index === 0 ? '' : index + 1}`;
  const owners = panels.filter(({ panel }) => panel.x !== null);
  return panels.map((at, i) => {
    const owner = owners.find(({ row, column }) => row >= at.row && column === at.column);
    return { ...at, x: name('x', owner ? owners.indexOf(owner) : 0), y: name('y', i) };
  });
}

/** `x2` → `xaxis2` */
function longName(name: string): string {
  return `${name.slice(0, 1)}axis${name.slice(1)}`;
}

function titleOf(
  { strong = '', title = [] }: Panel,
  at: { left: number; top: number; width: number },
): Record<string, unknown> {
  const room = at.width - 1.1 * textWidth(strong);
  const rest = shortened(fitting(title, room), room);
  return {
    text: strong === '' ? plotText(rest) : `<b>${plotText(strong)}</b>${plotText(rest)}`,
    ...{ xref: 'paper', yref: 'paper', showarrow: false, borderpad: 0 },
    ...{ x: at.left, xanchor: 'left', y: at.top, yanchor: 'bottom', yshift: 2 },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
