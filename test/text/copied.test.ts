/** What counts as a copy, with tokenizers whose ways are known from Python. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import {
  beginsSentence,
  editedTexts,
  hasSentence,
  isBegunAgain,
  isCopy,
  isSameText,
  isWrittenAgain,
  sentenceAsWritten,
} from '../../src/text/copied.js';
import { editMetrics } from '../../src/text/edits.js';
import { textIds } from '../../src/text/controlTokens.js';
import { wordlessWarnings } from '../../src/text/notes.js';
import type { Tokenizer } from '../../src/runtime/decoder.js';
import { temporaryFolder } from '../runtime/models.js';
import { writeTokenizer, type WrittenTokenizer } from '../runtime/writtenTokenizer.js';

const goldens = JSON.parse(
  readFileSync(new URL('../runtime/goldens/writtenTexts.json', import.meta.url), 'utf8'),
) as { name: string; file: WrittenTokenizer; texts: { text: string; whole: boolean }[] }[];

const folder = temporaryFolder();
afterAll(folder.remove);

const again = (tokenizer: Tokenizer, last: string, written: string): boolean => {
  const ids = textIds(tokenizer, written);
  const text = ids.length === 0 ? '' : tokenizer.decode(ids);
  return isWrittenAgain(tokenizer, sentenceAsWritten(tokenizer, last), { ids, text });
};

describe.each(goldens)('$name', ({ file, texts }) => {
  const load = () => writeTokenizer(folder.path, { name: 'copied', file });

  it('counts every text as a copy of itself, blanks around it or not', async () => {
    const tokenizer = await load();
    const missed = texts.filter(
      ({ text }) =>
        !again(tokenizer, text, text) ||
        !again(tokenizer, `  ${text} \n`, text.trim()) ||
        !again(tokenizer, text.trim(), ` ${text}`),
    );
    expect(missed).toEqual([]);
  });

  it('counts no text as a copy of another, but for what the normaliser makes one', async () => {
    const tokenizer = await load();
    const normal = (text: string): string => tokenizer.normalize?.(text.trim()) ?? text.trim();
    const whole = texts.filter((text) => text.whole).map(({ text }) => text);
    const wrong = whole.flatMap((last) =>
      whole
        .filter((written) => again(tokenizer, last, written) !== (normal(last) === normal(written)))
        .map((written) => [last, written]),
    );
    expect(wrong).toEqual([]);
  });

  it('knows what it cannot write', async () => {
    const tokenizer = await load();
    expect(texts.map(({ text }) => sentenceAsWritten(tokenizer, text).whole)).toEqual(
      texts.map(({ whole }) => whole),
    );
  });

  it('sees how a copy begins, cut off anywhere', async () => {
    const tokenizer = await load();
    for (const { text } of texts) {
      const sentence = sentenceAsWritten(tokenizer, text);
      sentence.ids.forEach((_, count) => {
        const ids = sentence.ids.slice(0, count);
        const written = { ids, text: count === 0 ? '' : tokenizer.decode(ids) };
        expect(isBegunAgain(sentence, written)).toBe(true);
      });
      expect(beginsSentence(tokenizer, sentence, sentence.ids[0] ?? -1)).toBe(true);
    }
  });
});

describe('a sentence that cannot be written', () => {
  const golden = goldens.find(({ name }) => name === 'SentencePiece, no bytes');
  const load = () =>
    writeTokenizer(folder.path, { name: 'lossy', file: golden?.file ?? { added_tokens: [] } });

  it('is copied where every token is; leaving out what cannot be written is no copy', async () => {
    const tokenizer = await load();
    expect(again(tokenizer, 'the ☃ sum', 'the ☃ sum')).toBe(true);
    expect(again(tokenizer, 'the ☃ sum', 'the  sum')).toBe(false);
    expect(again(tokenizer, '☃', '')).toBe(false);
  });
});

describe('texts', () => {
  it('are copies without a tokenizer where they are the same in NFC', () => {
    expect(isSameText(' café.', 'cafe\u0301. ')).toBe(true);
    expect(isSameText('a.', 'A.')).toBe(false);
    expect(isSameText('  ', '')).toBe(false);
    expect(isCopy({ last: 'a. ', correction: 'a.' })).toBe(true);
    expect(isCopy({ last: '', correction: '' })).toBe(false);
  });

  it('hold a sentence where they hold a letter, a digit or a pictograph, in any script', () => {
    const held = ['a', '7', '그래', 'نعم', '٣', '½', '👍', ' x. '].filter(hasSentence);
    expect(held).toHaveLength(8);
    const wordless = ['', ' \n', '.', '…', '```', '---', '$$', '?!', '。', '*', '\u0301', '```\n'];
    expect(wordless.filter(hasSentence)).toEqual([]);
    expect(isCopy({ last: '. ', correction: '.' })).toBe(true);
    expect(wordlessWarnings(['', 'a.', '.', '. '])).toEqual([
      'wordless: 2 of 3 sentences of the upstream (y1) hold neither letter nor digit, such as "."; they are in no rate and no mean',
    ]);
    expect(wordlessWarnings(['', 'a.'])).toEqual([]);
  });

  it('have no edits where they are copies, and count from y1 as it would be written', () => {
    const copy = editMetrics(...editedTexts({ last: ' a. ', correction: 'a.' }));
    expect(copy).toEqual({
      editRatio: 0,
      normalizedDistance: 0,
      indelSimilarity: 1,
      lengthRatio: 1,
    });
    const composed = { last: 'cafe\u0301 is.', written: 'café is.', correction: 'café was.' };
    expect(editMetrics(...editedTexts(composed)).editRatio).toBe(2 / 8);
    const blanks = { last: ' It is 4. \n', correction: 'It is 5.' };
    expect(editMetrics(...editedTexts(blanks)).editRatio).toBe(1 / 8);
  });
});
