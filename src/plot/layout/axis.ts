/** Axes whose numbers, names and titles fit their panel. */
import { plotText } from '../figure.js';
import { fitting, lineHeight, shortenedMiddle, textWidth, widest, wrapped } from './textSize.js';

export interface Axis {
  /** What it shows, the fullest form first: the first that has room stands there. */
  title?: string | readonly string[];
  /** Ends of the panel, in the data's units; with names it must be given. */
  range?: readonly [number, number];
  /** Names at places; where they have no room for all, every second, fourth, … is named. */
  names?: {
    at: readonly number[];
    text: readonly string[];
    /** Whether each must be there, since it is known by its name alone. Beside a panel. */
    all?: boolean;
    /** Of names below a panel, degrees: 0 lies, -90 is read upwards. Default 0. */
    angle?: 0 | -60 | -90;
  };
  /** Whether its numbers and names are those of the panel beside it. */
  unlabelled?: boolean;
  /** Milliseconds that it must show, on a logarithmic scale. */
  times?: readonly number[];
  /** Further settings of plotly's. */
  own?: Record<string, unknown>;
}

/** CSS pixels: of a tick and what is left between it and its label. */
const tick = 6;
const standoff = 8;
const labelSize = 12;
const numberWidth = 40;

/**
 * A layer per place, every one named where there is room. Layer 0 is the first block.
 * @param layers how many, or which, in ascending order
 */
export function layerAxis(layers: number | readonly number[]): Axis {
  const names = typeof layers === 'number' ? numbered(layers) : named(layers);
  return {
    title: ['layer (0 = first block)', 'layer'],
    range: endsOf(names.at),
    names,
    own: { zeroline: false },
  };
}

/** Ends of an axis of layers. */
export function endsOf(layers: readonly number[]): [number, number] {
  return [(layers[0] ?? 0) - 0.4, (layers.at(-1) ?? -1) + 0.4];
}

function named(at: readonly number[]): { at: number[]; text: string[] } {
  return { at: [...at], text: at.map(String) };
}

/** 0, 1, 2, …, so many. */
export function numbered(count: number): { at: number[]; text: string[] } {
  return named(Array.from({ length: count }, (_, i) => i));
}

/**
 * A logarithmic scale with whole numbers at 1, 2, 5, 10, … (plotly's own drop the zeros), at 1, 10, …
 * or every second of these, as many as have room.
 */
function timeTicks(values: readonly number[], room: number): Record<string, unknown> {
  const logs = values.filter((value) => value > 0).map(Math.log10);
  const [low, high] = logs.length === 0 ? [0, 1] : [Math.min(...logs), Math.max(...logs)];
  const beyond = Math.max(0.06, 0.06 * (high - low));
  const range: [number, number] = [low - beyond, high + beyond];
  const perDecade = room / (range[1] - range[0]);
  const decades = Array.from({ length: 14 }, (_, i) => 10 ** (i - 4));
  const needed = widest(['100000']) + 4;
  const within = decades.flatMap((at) => {
    if (perDecade * Math.log10(2) >= needed) return [at, 2 * at, 5 * at];
    if (perDecade * Math.log10(3) >= needed) return [at, 3 * at];
    return [at];
  });
  const shown = within.filter((at) => at >= 10 ** range[0] && at <= 10 ** range[1]);
  const step = stepFor(needed, perDecade);
  const ticks = shown.length > 0 ? shown.filter((_, i) => step === 1 || i % step === 0) : [Math.round(10 ** ((low + high) / 2))]; // prettier-ignore
  return { type: 'log', range, tickmode: 'array', tickvals: ticks, ticktext: ticks.map((at) => String(Number(at.toPrecision(3)))), tickangle: 0 }; // prettier-ignore
}

/** CSS pixels that a vertical axis takes beside its panel. @param most for its names. */
export function widthBeside(axis: Axis, most: number): number {
  const { names, unlabelled = false, title } = axis;
  const labels = unlabelled ? 0 : names ? nameWidth(names.text, most) : numberWidth;
  return tick + labels + (title === undefined ? 0 : standoff + lineHeight + 2);
}

/** CSS pixels that a horizontal axis takes below its panel of that width. */
export function depthBelow(axis: Axis, width: number): number {
  const title = axis.title === undefined ? 0 : standoff + lineHeight;
  return tick + labelDepth(axis, width) + title + 2;
}

function labelDepth({ names, unlabelled = false }: Axis, width: number): number {
  if (unlabelled) return 0;
  if (!names || !names.angle) return lineHeight;
  const turn = (Math.abs(names.angle) * Math.PI) / 180;
  const longest = widest(namesBelow(names.text, width, names.angle), labelSize);
  return Math.max(lineHeight, longest * Math.sin(turn) + labelSize * Math.cos(turn));
}

/** A name below a panel is no wider than a part of it, and no deeper than a short word, turned. */
function namesBelow(names: readonly string[], width: number, angle: number): string[] {
  const room = angle === 0 ? Math.max(50, width / 4) : deepest;
  return names.map((name) => shortenedMiddle(name, room, labelSize));
}

const deepest = 110;

function nameLines(names: readonly string[], most: number, lines: number): string[][] {
  return names.map((name) => wrapped(name, most, lines));
}

function nameWidth(names: readonly string[], most: number): number {
  return Math.min(most, widest(nameLines(names, most, 1).flat()) + 2);
}

/**
 * Plotly's axis.
 * @param how.room CSS pixels of the panel along the axis
 * @param how.most of names beside the panel
 */
export function axisOf(
  axis: Axis,
  how: { side: 'x' | 'y'; room: number; most?: number },
): Record<string, unknown> {
  const { title, range, unlabelled, own } = axis;
  return {
    ...ticksOf(axis, how),
    ...(range && { range: [...range] }),
    ...(unlabelled === true && { showticklabels: false }),
    ...own,
    ...(title !== undefined && { title: { text: plotText(titleText(title, how.room)) } }),
  };
}

function ticksOf(
  axis: Axis,
  how: { side: 'x' | 'y'; room: number; most?: number },
): Record<string, unknown> {
  if (axis.times) return timeTicks(axis.times, how.room);
  return axis.names ? namedTicks(axis, how) : numberTicks(how);
}

/** CSS pixels that a vertical axis needs along its panel, so that every name is there. */
export function leastLength({ names, unlabelled = false }: Axis): number {
  return names?.all === true && !unlabelled ? names.at.length * (labelSize + 1) : 0;
}

function titleText(title: string | readonly string[], room: number): string {
  const forms = typeof title === 'string' ? [title] : title;
  const text = fitting(forms, room);
  return textWidth(text) <= room ? text : wrapped(text, room, 1).join('');
}

function numberTicks({ side, room }: { side: 'x' | 'y'; room: number }): Record<string, unknown> {
  const each = side === 'x' ? 46 : 26;
  return { nticks: Math.max(2, Math.floor(room / each)), tickangle: 0 };
}

function namedTicks(
  { names, range = [0, 1] }: Axis,
  { side, room, most = Infinity }: { side: 'x' | 'y'; room: number; most?: number },
): Record<string, unknown> {
  const { at = [], text = [], angle = 0, all = false } = names ?? {};
  // Two lines where each name has room for them.
  const isHigh = room / Math.max(1, at.length) >= 2 * lineHeight;
  const below = namesBelow(text, room, angle);
  const lines = side === 'y' ? nameLines(text, most, isHigh ? 2 : 1) : below.map((name) => [name]);
  const needed =
    side === 'y'
      ? lineHeight * Math.max(1, ...lines.map((of) => of.length))
      : angle === 0
        ? widest(below, labelSize) + 8
        : lineHeight / Math.sin((Math.abs(angle) * Math.PI) / 180);
  const perUnit = room / Math.abs(range[1] - range[0]);
  const gaps = at.slice(1).map((place, i) => Math.abs(place - (at[i] ?? 0)));
  const step = all ? 1 : stepFor(needed, perUnit * Math.min(Infinity, ...gaps));
  const shown = at.map((_, i) => i).filter((i) => i % step === 0);
  return {
    tickmode: 'array',
    tickvals: shown.map((i) => at[i]),
    ticktext: shown.map((i) => (lines[i] ?? []).map(plotText).join('<br>')),
    tickangle: angle,
    tickfont: { size: labelSize },
  };
}

/** 1, 2, 4, …: the least that gives each name its room. */
function stepFor(needed: number, each: number): number {
  let step = 1;
  while (step < 4096 && step * each < needed) step *= 2;
  return step;
}
