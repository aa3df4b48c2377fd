/**
 * The day that chat templates are told, which ask for it by Python's `strftime_now`. It is a setting
 * and is recorded: a prompt that changes overnight gives other results overnight.
 */

/** `YYYY-MM-DD`, or with a time, `YYYY-MM-DDThh:mm:ss`; of no time zone. */
export type ChatDate = string;

/** The same every day, so that a run repeats. */
export const defaultDate: ChatDate = '2025-01-01';

const form = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/** Whether a chat template asks for the day. */
export function asksForDate(template: string): boolean {
  return /\bstrftime_now\b/.test(template);
}

/** Whether it is one. */
export function isDate(date: string): boolean {
  return readDate(date) !== null;
}

/** @throws where it is no date. */
export function parseDate(date: ChatDate): Date {
  const read = readDate(date);
  if (read) return read;
  throw new Error(
    `date: ${JSON.stringify(date)} is no date (expected YYYY-MM-DD or YYYY-MM-DDThh:mm:ss)`,
  );
}

function readDate(date: string): Date | null {
  const parts = form
    .exec(date)
    ?.slice(1)
    .map((part) => Number(part ?? 0));
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts ?? [];
  const parsed = new Date(0);
  parsed.setUTCFullYear(year, month - 1, day);
  parsed.setUTCHours(hour, minute, second);
  const kept = parsed.getUTCMonth() === month - 1 && parsed.getUTCDate() === day;
  const timed = parsed.getUTCHours() === hour && minute < 60 && second < 60;
  return parts && kept && timed ? parsed : null;
}

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];

/**
 * Python's `strftime` in the C locale. A `-` after the percent sign leaves padding out, as on Linux
 * and macOS; what stands for the time zone is empty, as for a date without one.
 * @throws on a directive that it does not know.
 */
export function strftime(date: Date, format: string): string {
  return format.replace(/%(-?)(.?)/gsu, (all, bare: string, letter: string) => {
    const value = directives[letter]?.(date);
    if (value === undefined) {
      throw new Error(`strftime_now: unknown directive ${all} (expected one of Python's)`);
    }
    if (typeof value === 'string') return value;
    const [number, width, fill = '0'] = value;
    return bare === '-' ? String(number) : String(number).padStart(width, fill);
  });
}

/** A text, or a number with its width and what fills it. */
type Value = string | readonly [number, number, string?];

const directives: Readonly<Record<string, (date: Date) => Value>> = {
  Y: (d) => [d.getUTCFullYear(), 4],
  G: (d) => [isoWeek(d).year, 4],
  C: (d) => [Math.floor(d.getUTCFullYear() / 100), 2],
  y: (d) => [d.getUTCFullYear() % 100, 2],
  g: (d) => [isoWeek(d).year % 100, 2],
  m: (d) => [d.getUTCMonth() + 1, 2],
  d: (d) => [d.getUTCDate(), 2],
  e: (d) => [d.getUTCDate(), 2, ' '],
  j: (d) => [dayOfYear(d) + 1, 3],
  H: (d) => [d.getUTCHours(), 2],
  k: (d) => [d.getUTCHours(), 2, ' '],
  I: (d) => [hourOfHalf(d), 2],
  l: (d) => [hourOfHalf(d), 2, ' '],
  M: (d) => [d.getUTCMinutes(), 2],
  S: (d) => [d.getUTCSeconds(), 2],
  f: () => '000000',
  p: (d) => (d.getUTCHours() < 12 ? 'AM' : 'PM'),
  P: (d) => (d.getUTCHours() < 12 ? 'am' : 'pm'),
  A: (d) => days[d.getUTCDay()] ?? '',
  a: (d) => days[d.getUTCDay()]?.slice(0, 3) ?? '',
  B: (d) => months[d.getUTCMonth()] ?? '',
  b: (d) => months[d.getUTCMonth()]?.slice(0, 3) ?? '',
  h: (d) => months[d.getUTCMonth()]?.slice(0, 3) ?? '',
  u: (d) => [d.getUTCDay() || 7, 1],
  w: (d) => [d.getUTCDay(), 1],
  U: (d) => [Math.floor((dayOfYear(d) + 7 - d.getUTCDay()) / 7), 2],
  W: (d) => [Math.floor((dayOfYear(d) + 7 - ((d.getUTCDay() + 6) % 7)) / 7), 2],
  V: (d) => [isoWeek(d).week, 2],
  c: (d) => strftime(d, '%a %b %e %H:%M:%S %Y'),
  x: (d) => strftime(d, '%m/%d/%y'),
  X: (d) => strftime(d, '%H:%M:%S'),
  D: (d) => strftime(d, '%m/%d/%y'),
  F: (d) => strftime(d, '%Y-%m-%d'),
  T: (d) => strftime(d, '%H:%M:%S'),
  R: (d) => strftime(d, '%H:%M'),
  r: (d) => strftime(d, '%I:%M:%S %p'),
  z: () => '',
  Z: () => '',
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
};

const day = 86_400_000;

function dayOfYear(date: Date): number {
  const start = new Date(date);
  start.setUTCMonth(0, 1);
  return Math.round((date.getTime() - start.getTime()) / day);
}

function hourOfHalf(date: Date): number {
  return date.getUTCHours() % 12 || 12;
}

/** The week of the year's Thursdays (ISO 8601). */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * day);
  return { year: thursday.getUTCFullYear(), week: Math.floor(dayOfYear(thursday) / 7) + 1 };
}
