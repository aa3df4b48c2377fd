/**
 * Cuts a growing text into sentences, losing nothing: the pieces joined are the text.
 *
 * A sentence ends at `.`, `!`, `?`, `…` with closing quotes or brackets before white space, at any
 * other script's terminator (`。`, `।`, `؟`; no white space has to follow), or at a newline; never
 * inside mathematics or a code fence, after an abbreviation, an initial or a list number. A piece carries the white space
 * behind it, so that cutting needs the first character of the next sentence, and the pieces do not
 * depend on the portions in which the text arrives.
 *
 * Where the text is ambiguous (`in the U.S. We left.`) nothing is cut.
 */
import { isAbbreviation } from './abbreviations.js';
import { spanAt } from './spans.js';
import type { Span } from './spans.js';
import {
  closersEnd,
  endsWithTerminator,
  isLineEnd,
  isPoint,
  isUnspaced,
  terminatorEnd,
} from './terminators.js';

export interface SentenceCutterOptions {
  /** `sentence` (default), or `step`: at blank lines only. */
  mode?: 'sentence' | 'step';
  /**
   * Longest piece in UTF-16 units, default 2000. A longer one is cut behind its last white space
   * within the limit, or at the limit where it has none.
   */
  maxLength?: number;
}

export interface SentenceCutter {
  /** Takes more text; returns the pieces that are complete now. */
  push(text: string): string[];
  /** The text has ended: returns what is left. The cutter is then as new. */
  finish(): string[];
}

const defaultMaxLength = 2000;

/** @throws where `maxLength` is not a whole number of at least 2. */
export function createSentenceCutter(options: SentenceCutterOptions = {}): SentenceCutter {
  const { mode = 'sentence', maxLength = defaultMaxLength } = options;
  if (!Number.isInteger(maxLength) || maxLength < 2) {
    throw new Error(`sentences: maxLength must be a whole number of at least 2 (got ${maxLength})`);
  }
  let buffer = '';
  const take = (ended: boolean): string[] => {
    const pieces: string[] = [];
    for (;;) {
      const at = cutPoint({ text: buffer, mode, maxLength, ended });
      if (at === null) return pieces;
      pieces.push(buffer.slice(0, at));
      buffer = buffer.slice(at);
    }
  };
  return {
    push: (text) => {
      buffer += text;
      return take(false);
    },
    finish: () => {
      const pieces = take(true);
      if (buffer !== '') pieces.push(buffer);
      buffer = '';
      return pieces;
    },
  };
}

/** The sentences of a complete text; see {@link createSentenceCutter}. */
export function splitSentences(text: string, options: SentenceCutterOptions = {}): string[] {
  const cutter = createSentenceCutter(options);
  return [...cutter.push(text), ...cutter.finish()];
}

interface Reading {
  text: string;
  mode: 'sentence' | 'step';
  ended: boolean;
}

/** Length of the first piece, or null where none is complete. */
function cutPoint({
  text,
  mode,
  maxLength,
  ended,
}: Reading & { maxLength: number }): number | null {
  if (text.length <= maxLength) return boundary({ text, mode, ended });
  const window = text.slice(0, maxLength);
  return boundary({ text: window, mode, ended: false }) ?? forcedCut(window);
}

function forcedCut(window: string): number {
  const behindSpace = /^[\s\S]*\S\s/u.exec(window)?.[0].length ?? 0;
  if (behindSpace > 0) return behindSpace;
  const last = window.charCodeAt(window.length - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return splitsPair ? window.length - 1 : window.length;
}

/**
 * Where the first piece ends. The answer for a text that has not ended holds for every
 * continuation; null: none, or not yet known.
 */
function boundary({ text, mode, ended }: Reading): number | null {
  const endOf = mode === 'step' ? blankLineEnd : sentenceEnd;
  let at = text.length - text.trimStart().length;
  while (at < text.length) {
    const span = spanAt(text, at, ended);
    if (span.kind === 'open') return null;
    const end = endOf(text, at, span);
    if (end !== null) {
      const follower = followerOf(text, end);
      if (follower === null) return null;
      const head = text.slice(at, end);
      if (mode === 'step' || endsHere({ before: text.slice(0, at), head, ...follower })) {
        return end + follower.space.length;
      }
    }
    at = Math.max(end ?? 0, span.kind === 'closed' ? span.end : at + 1);
  }
  return null;
}

/** What stands behind a possible end. */
interface Follower {
  /** The white space. */
  space: string;
  /** The first character of the next sentence. */
  next: string;
}

/** Null where the text breaks off: more may come, or the tail is a piece of its own anyway. */
function followerOf(text: string, end: number): Follower | null {
  const space = /^\s*/u.exec(text.slice(end))?.[0] ?? '';
  const next = String.fromCodePoint(text.codePointAt(end + space.length) ?? 0);
  const broken = end + space.length >= text.length || /^[\ud800-\udbff]$/u.test(next);
  return broken ? null : { space, next };
}

/** End of the terminator (with its closing marks) at `at`, or null where there is none. */
function sentenceEnd(text: string, at: number, span: Span): number | null {
  if (span.kind === 'closed') {
    // `$x^2.$` ends a sentence as `x².)` does: the mark behind the full stop is a closing one.
    const inside = text.slice(at, span.inner).trimEnd();
    return endsWithTerminator(inside) ? closersEnd(text, span.end) : null;
  }
  return isLineEnd(text[at] ?? '') ? at + 1 : terminatorEnd(text, at);
}

function blankLineEnd(text: string, at: number, span: Span): number | null {
  if (span.kind === 'closed' || text[at] !== '\n') return null;
  const blank = /^\n[^\S\n]*\n/.exec(text.slice(at));
  return blank === null ? null : at + blank[0].length;
}

/** Whether the terminator `head` ends the sentence whose text `before` stands in front of it. */
function endsHere(options: Follower & { before: string; head: string }): boolean {
  const { before, head, space, next } = options;
  if (isLineEnd(head) || isLineEnd(space)) return true;
  if (isUnspaced(head)) return space !== '' || !isPoint(head) || !/^\p{N}$/u.test(next);
  if (space === '') return false;
  const continues = /^\p{Ll}$/u.test(next);
  // `Wait... what?` and `"Stop!" he said.` go on.
  if (continues && (/^(?:\.{2,}|…)/.test(head) || /["”’»]$/.test(head))) return false;
  return !(/^\.(?!\.)/.test(head) && isAbbreviation(before, next));
}
