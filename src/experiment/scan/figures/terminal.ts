/**
 * The LAT heat map in a terminal: half blocks carry two layers per line in colour; without colour,
 * one character per cell says sign and strength. Layer 0 is at the bottom, as in the figure.
 */
import type { ScanCase, Standardize } from '../shape.js';
import { divergingColour } from '../../../plot/figure.js';
import { columnsOf as widthOf, cutToColumns } from '../../../text/columns.js';
import { joinedText, showLine, terminalText, TerminalText } from '../../../text/show.js';
import type { LabelNames } from '../../../read/stimuli.js';
import { caseTitle, sideLabels } from './labelWords.js';
import { casesShown, layersShown, type Shown } from './shownLayers.js';
import { boundaryMark, colourLimit, columnsOf, readingUnits, tokenLabel } from './latScan.js';

export type TerminalColour = 'truecolor' | '256' | 'none';

/** Cells are no wider than this: beyond it they only look coarse. */
const widestCell = 4;
/** Rows of the tokens' labels, which are written downwards. */
const labelRows = 8;
const marginWidth = 4;

/**
 * The cases' heat maps one above the other, as lines without a final newline.
 * @param options.width columns of the terminal; tokens that do not fit are left out, and it says so.
 * @throws where not even one token fits.
 */
export function terminalScan(options: TerminalScan): string {
  return terminalScanText(options).text;
}

/** What {@link terminalScan} is given. */
export interface TerminalScan extends Shown {
  cases: readonly ScanCase[];
  standardize: Standardize;
  width: number;
  colour: TerminalColour;
  /** What the labels are called, where they were given. */
  labels?: LabelNames;
}

/** As {@link terminalScan}: its colours are sent to the terminal, all else is shown. */
export function terminalScanText(options: TerminalScan): TerminalText {
  const { standardize, width, colour } = options;
  const cases = casesShown(options.cases, options);
  if (width < marginWidth + 1) {
    throw new Error(
      `terminal: ${width} columns are too few (expected at least ${marginWidth + 1})`,
    );
  }
  const limit = colourLimit(cases.flatMap(columnsOf), standardize);
  const drawn = cases.map(withBoundary);
  const most = Math.max(1, ...drawn.map(({ columns }) => columns.length));
  const cell = Math.max(1, Math.min(widestCell, Math.floor((width - marginWidth) / most)));
  const fitting = Math.floor((width - marginWidth) / cell);
  const parts = drawn.map(({ scanCase, columns, readings }) => {
    const rows = colour === 'none' ? plainRows : colouredRows;
    const shown = columns.slice(0, fitting);
    const hidden = columns.length - shown.length;
    const layers = layersShown(readings.length, options);
    const { length } = scanCase.tokens;
    const note = hidden > 0 ? ` (first ${length - hidden} of ${length} tokens)` : '';
    const lines = [
      fit(showLine(`${caseTitle(scanCase.label, options.labels)}: ${scanCase.id}${note}`), width),
      ...rows({ columns: shown, readings, layers, limit, cell, colour }),
      ...labels(shown, cell),
    ];
    return joinedText(lines, '\n');
  });
  const scale = legend({ standardize, limit, colour, width, labels: options.labels });
  return joinedText([...parts, scale], '\n\n');
}

/** The boundary token's reading stands before the output's, as on the page. */
function withBoundary(scanCase: ScanCase): Pick<Drawing, 'columns' | 'readings'> & {
  scanCase: ScanCase;
} {
  const tokens = scanCase.tokens.map(tokenLabel);
  const columns = scanCase.boundary ? [boundaryMark, ...tokens] : tokens;
  return { scanCase, columns, readings: columnsOf(scanCase) };
}

interface Drawing {
  /** Labels of the columns. */
  columns: readonly string[];
  /** `[row][column]` */
  readings: readonly (readonly number[])[];
  /** Of the rows. */
  layers: readonly number[];
  limit: number;
  cell: number;
  colour: TerminalColour;
}

/** `▀`: the upper layer in the foreground, the lower one in the background. */
function colouredRows({ columns, readings, layers, limit, cell, colour }: Drawing): TerminalText[] {
  const lines: TerminalText[] = [];
  for (let top = readings.length - 1; top >= 0; top -= 2) {
    const cells = columns.map((_, t) => {
      const front = escape(38, divergingColour(readings[top]?.[t] ?? 0, limit), colour);
      const back =
        top === 0 ? '' : escape(48, divergingColour(readings[top - 1]?.[t] ?? 0, limit), colour);
      return terminalText`${front}${back}${'▀'.repeat(cell)}\u001b[0m`;
    });
    lines.push(terminalText`${margin(layers[top])}${joinedText(cells)}`);
  }
  return lines;
}

function plainRows({ columns, readings, layers, limit, cell }: Drawing): string[] {
  return [...readings.keys()].reverse().map((row) => {
    const cells = columns.map((_, t) => ramp(readings[row]?.[t] ?? 0, limit).repeat(cell));
    return `${margin(layers[row])}${cells.join('')}`.trimEnd();
  });
}

const positive = ['·', '+', '*', '#'];
const negative = ['·', '-', '=', '%'];

function ramp(value: number, limit: number): string {
  const strength = Math.min(3, Math.floor((Math.abs(value) / limit) * 4));
  return (value < 0 ? negative : positive)[strength] ?? '·';
}

/** @param plane 38 foreground, 48 background. */
function escape(
  plane: number,
  rgb: [number, number, number],
  colour: TerminalColour,
): TerminalText {
  if (colour === 'truecolor') return terminalText`\u001b[${plane};2;${rgb.join(';')}m`;
  // The 6 × 6 × 6 cube of xterm, whose levels are 0, 95, 135, … 255.
  const level = (x: number): number => (x < 48 ? 0 : x < 115 ? 1 : Math.round((x - 55) / 40));
  const [r, g, b] = rgb.map(level);
  return terminalText`\u001b[${plane};5;${16 + 36 * (r ?? 0) + 6 * (g ?? 0) + (b ?? 0)}m`;
}

/** Tokens written downwards, one column each. */
function labels(columns: readonly string[], cell: number): string[] {
  const words = columns.map((label) => [...clean(label)]);
  const rows = Math.min(labelRows, Math.max(0, ...words.map((word) => word.length)));
  return Array.from({ length: rows }, (_, row) => {
    const columns = words.map((word) =>
      (word[row] ?? ' ').padStart(Math.ceil(cell / 2)).padEnd(cell),
    );
    return `${' '.repeat(marginWidth)}${columns.join('')}`.trimEnd();
  });
}

function legend(options: {
  standardize: Standardize;
  limit: number;
  colour: TerminalColour;
  width: number;
  labels: LabelNames | undefined;
}): string | TerminalText {
  const { standardize, colour, width } = options;
  const sides = sideLabels(options.labels);
  const [low, high] = [showLine(sides.negative), showLine(sides.positive)];
  const limit = Number(options.limit.toPrecision(3));
  if (colour === 'none') {
    const marks = `${[...negative].reverse().join('')}${positive.slice(1).join('')}`;
    return fit(`${low} −${limit} ${marks} +${limit} ${high}, ${readingUnits[standardize]}`, width);
  }
  const steps = Array.from({ length: 13 }, (_, i) => {
    const value = (i / 6 - 1) * options.limit;
    return terminalText`${escape(38, divergingColour(value, options.limit), colour)}█`;
  });
  const text = `+${limit} ${high}, ${readingUnits[standardize]}`;
  // Too narrow for the scale: the unit alone.
  const room = width - widthOf(`${low} −${limit} `) - steps.length - 1;
  if (room < 1) return fit(`±${limit} ${readingUnits[standardize]}`, width);
  return terminalText`${low} −${limit} ${joinedText(steps)}\u001b[0m ${fit(text, room)}`;
}

function margin(layer: number | undefined): string {
  return `${String(layer ?? '').padStart(marginWidth - 1)} `;
}

/**
 * Of a token that is written downwards: it must not steer the terminal, nor shift the columns, so
 * control characters, marks and wide characters become a box.
 */
function clean(text: string): string {
  return text.replace(/[\p{C}\p{M}\u1100-\u{10ffff}]/gu, (character) =>
    /[\u2010-\u205e\u2190-\u22ff␣⏎⇥]/u.test(character) ? character : '□',
  );
}

/** At most so many columns. */
function fit(text: string, width: number): string {
  return widthOf(text) <= width ? text : `${cutToColumns(text, width - 1)}…`;
}
