/** Text on its way to people: what steers a terminal or hides in a line is seen, all else stays. */
import { describe, expect, it } from 'vitest';
import { joinedText, show, showLine, terminalText } from '../../src/text/show.js';

/** Every code point but the halves of surrogate pairs. */
const all = Array.from({ length: 0x110000 }, (_, code) => code).filter(
  (code) => code < 0xd800 || code > 0xdfff,
);

describe('show', () => {
  it('escapes what steers a terminal', () => {
    expect(show('a\u001b]0;title\u0007b')).toBe('a\\x1b]0;title\\x07b');
    expect(show('\u001b]8;;http://x\u001b\\')).toBe('\\x1b]8;;http://x\\x1b\\');
    expect(show('\u009b31m\u007f\u0000\r')).toBe('\\u009b31m\\u007f\\x00\\r');
    expect(show('\u202egnp.\u2066\u200f\u061c')).toBe('\\u202egnp.\\u2066\\u200f\\u061c');
    expect(show('\u2028\u2029\ufeff\u200b')).toBe('\\u2028\\u2029\\ufeff\\u200b');
    expect(show('\u{e0041}\ud800')).toBe('\\udb40\\udc41\\ud800');
  });

  it('keeps what people write', () => {
    for (const text of [
      'plain, 12 % ± 3 − “so” …\n\tindented',
      'café cafe\u0301 漢字 עברית العربية हिन्दी',
      'क्\u200dष می\u200cخواهم 👩\u200d🔬 ❤\ufe0f \u0600\u0661',
    ]) {
      expect(show(text)).toBe(text);
    }
  });

  it('leaves no control, format or separator but newline, tab, joiners and seen signs', () => {
    const odd = all.filter((code) =>
      /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(String.fromCodePoint(code)),
    );
    const kept = odd.filter(
      (code) => show(String.fromCodePoint(code)) === String.fromCodePoint(code),
    );
    expect(kept.map((code) => code.toString(16))).toEqual([
      ...['9', 'a', '600', '601', '602', '603', '604', '605', '6dd', '70f', '890', '891', '8e2'],
      ...['200c', '200d', '110bd', '110cd'],
    ]);
  });

  it('leaves JSON the same value, whatever stands in its strings', () => {
    const value = all.map((code) => `\\${String.fromCodePoint(code)}"`);
    expect(JSON.parse(show(JSON.stringify(value, null, 2))) as unknown).toEqual(value);
    expect(JSON.parse(show(JSON.stringify('\ud800')))).toBe('\ud800');
  });

  it('keeps a line a line', () => {
    expect(showLine('a\nb\tc\u001b')).toBe('a\\nb\\tc\\x1b');
  });
});

describe('terminalText', () => {
  it('sends what the source says and shows what it is given', () => {
    const inner = terminalText`\u001b[1m${'bold\u001b'}\u001b[0m`;
    expect(inner.text).toBe('\u001b[1mbold\\x1b\u001b[0m');
    expect(terminalText`<${inner} ${3}>`.text).toBe(`<${inner.text} 3>`);
    expect(joinedText([inner, '\u001b'], '\n').text).toBe(`${inner.text}\n\\x1b`);
  });
});
