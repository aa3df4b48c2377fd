/**
 * Text on its way to people. What models, files and servers wrote may hold characters that steer a
 * terminal (ESC, C1), reorder a line (bidi) or hide in it; they are shown, never sent.
 */

/**
 * Controls, format characters, line separators and halves of surrogate pairs. Kept are the joiners
 * that Indic scripts, Persian and emoji are written with, and the format characters that are seen
 * (signs over Arabic, Syriac and Kaithi numbers).
 */
const unseen =
  /(?!\u200c|\u200d|[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * The text with every such character as its escape, `\x1b` or `\u202e`; newlines and tabs stay. In
 * JSON the escapes mean what stood there: C0 never stands there raw, and what is beyond has JSON's
 * own form.
 */
export function show(text: string): string {
  return text.replace(unseen, (found) =>
    found === '\n' || found === '\t' ? found : escaped(found),
  );
}

/** The same for what must stay in its line: newlines and tabs are shown, too. */
export function showLine(text: string): string {
  return show(text).replace(/\n/g, '\\n').replace(/\t/g, '\\t');
}

function escaped(found: string): string {
  if (found === '\r') return '\\r';
  const units = Array.from({ length: found.length }, (_, at) => found.charCodeAt(at));
  return units
    .map((unit) =>
      unit < 0x20
        ? `\\x${unit.toString(16).padStart(2, '0')}`
        : `\\u${unit.toString(16).padStart(4, '0')}`,
    )
    .join('');
}

/** Text that may go to a terminal as it is: the lab's own sequences, all else shown. */
export class TerminalText {
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  static made(fixed: TemplateStringsArray, values: readonly Showable[]): TerminalText {
    const parts = values.map((value, i) => sent(value) + (fixed[i + 1] ?? ''));
    return new TerminalText((fixed[0] ?? '') + parts.join(''));
  }

  static joined(parts: readonly Showable[], between: string): TerminalText {
    return new TerminalText(parts.map(sent).join(show(between)));
  }
}

type Showable = string | number | TerminalText;

function sent(value: Showable): string {
  return value instanceof TerminalText ? value.text : show(String(value));
}

/** Template tag: what the source says is sent as it is, what it is given is shown. */
export function terminalText(fixed: TemplateStringsArray, ...values: Showable[]): TerminalText {
  return TerminalText.made(fixed, values);
}

/** Pieces in a row. @param between what stands between two, e.g. a newline */
export function joinedText(parts: readonly Showable[], between = ''): TerminalText {
  return TerminalText.joined(parts, between);
}
