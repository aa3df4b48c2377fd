/**
 * Cuts a growing text into rows: JSON Lines, or the items of one JSON array, as the official data sets
 * are. The rows do not depend on the portions in which the text arrives, and no more than one row of it
 * is held.
 */
/** A row and where it stands, as errors say it: `<file>:<line>`, in an array with its number. */
export interface Placed<T> {
  row: T;
  place: string;
}

/** Longer rows are no questions: 64 Mi UTF-16 units. */
export const longestRow = 2 ** 26;

export interface RowCutter {
  /** Takes more text; returns the rows that are complete now. @throws on what is no JSON */
  push(text: string): Placed<unknown>[];
  /** The text has ended: returns what is left. @throws where an array has not ended */
  finish(): Placed<unknown>[];
}

/** @param source what errors call the text, e.g. a file's path */
export function createRowCutter(source: string): RowCutter {
  let begun: RowCutter | null = null;
  /** White space before the first row: an array may begin behind it. */
  let before = '';
  const cutter = (text: string): RowCutter =>
    text.trimStart().startsWith('[') ? new ArrayCutter(source) : new LineCutter(source);
  return {
    push(text) {
      if (begun) return begun.push(text);
      before += text;
      if (before.replace(/^\uFEFF/, '').trim() === '' && before.length < longestRow) return [];
      const plain = before.replace(/^\uFEFF/, '');
      before = '';
      begun = cutter(plain);
      return begun.push(plain);
    },
    finish: () => begun?.finish() ?? [],
  };
}

class LineCutter implements RowCutter {
  readonly #source: string;
  #rest = '';
  #line = 0;

  constructor(source: string) {
    this.#source = source;
  }

  push(text: string): Placed<unknown>[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    const rows = lines.flatMap((line) => this.#parse(line));
    if (this.#rest.length > longestRow) throw tooLong(`${this.#source}:${this.#line + 1}`);
    return rows;
  }

  finish(): Placed<unknown>[] {
    const last = this.#rest;
    this.#rest = '';
    return this.#parse(last);
  }

  #parse(line: string): Placed<unknown>[] {
    const place = `${this.#source}:${++this.#line}`;
    if (line.trim() === '') return [];
    try {
      return [{ row: JSON.parse(line) as unknown, place }];
    } catch (error) {
      const message = `${place}: not a line of JSON (${messageOf(error)}); mend or remove the line`;
      throw new Error(message, { cause: error });
    }
  }
}

/** What changes how an array is read: the rest of an item is passed over. */
const marks = /[\n"[\]{},]/g;
/** In a string: its end, or an escape, which has one more character at least. */
const stringMarks = /["\\]/g;

class ArrayCutter implements RowCutter {
  readonly #source: string;
  /** Of the item that has begun, and what was looked at of it. */
  #text = '';
  #at = 0;
  #depth = 0;
  #inString = false;
  #line = 1;
  /** Where the item's text begins. */
  #itemLine = 0;
  #items = 0;
  #ended = false;

  constructor(source: string) {
    this.#source = source;
  }

  push(text: string): Placed<unknown>[] {
    this.#text += text;
    const rows: Placed<unknown>[] = [];
    let start = 0;
    for (let mark = this.#next(); mark !== null; mark = this.#next()) {
      const [sign, at] = mark;
      if (this.#ended) throw this.#fault(`there is more behind its end, on line ${this.#line}`);
      const closes = sign === ']' && this.#depth === 1;
      if ((sign === ',' && this.#depth === 1) || closes) {
        rows.push(...this.#item(this.#text.slice(start, at), closes));
        start = at + 1;
      }
      if (sign === '[' || sign === '{') this.#depth++;
      else if (sign === ']' || sign === '}') this.#depth--;
      if (sign === '[' && this.#depth === 1) start = at + 1;
      this.#ended ||= closes;
    }
    this.#text = this.#text.slice(start);
    this.#at -= start;
    if (this.#text.length > longestRow) throw tooLong(this.#place(this.#line));
    return rows;
  }

  finish(): Placed<unknown>[] {
    if (!this.#ended) throw this.#fault(`it ends within item ${this.#items}`);
    if (this.#text.trim() !== '') throw this.#fault('there is more behind its end');
    return [];
  }

  /** The next mark outside of strings, or null where there is none yet. */
  #next(): [sign: string, at: number] | null {
    for (;;) {
      const pattern = this.#inString ? stringMarks : marks;
      pattern.lastIndex = this.#at;
      const found = pattern.exec(this.#text);
      if (found === null || (found[0] === '\\' && found.index + 1 >= this.#text.length)) {
        this.#noteStart(found?.index ?? this.#text.length);
        this.#at = found?.index ?? this.#text.length;
        return null;
      }
      const [sign] = found;
      this.#noteStart(found.index + (sign === '\n' ? 0 : 1));
      this.#at = found.index + (sign === '\\' ? 2 : 1);
      if (sign === '"') this.#inString = !this.#inString;
      else if (sign === '\n') this.#line++;
      else if (sign !== '\\') return [sign, found.index];
    }
  }

  /** The line on which an item begins is that of its first character that is no white space. */
  #noteStart(end: number): void {
    if (this.#itemLine > 0 || this.#depth === 0 || this.#inString) return;
    if (/[^\s,\]]/.test(this.#text.slice(this.#at, end))) this.#itemLine = this.#line;
  }

  #item(text: string, last: boolean): Placed<unknown>[] {
    const line = this.#itemLine || this.#line;
    this.#itemLine = 0;
    // An empty array.
    if (last && this.#items === 0 && text.trim() === '') return [];
    const place = this.#place(line);
    try {
      const row = JSON.parse(text) as unknown;
      this.#items++;
      return [{ row, place }];
    } catch (error) {
      throw this.#fault(`item ${this.#items}, line ${line}: ${messageOf(error)}`, error);
    }
  }

  #place(line: number): string {
    return `${this.#source}:${line}, item ${this.#items}`;
  }

  #fault(what: string, cause?: unknown): Error {
    return new Error(`${this.#source}: begins like a JSON array but is none (${what})`, { cause });
  }
}

function tooLong(place: string): Error {
  return new Error(
    `${place}: a row is longer than it may be (expected at most ${longestRow / 2 ** 20} Mi characters); is this a file of rows?`,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
