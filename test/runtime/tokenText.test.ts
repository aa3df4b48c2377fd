/** Tokens decoded one by one give the text that they give together. */
import { describe, expect, it } from 'vitest';
import { tokenText } from '../../src/runtime/tokenText.js';

/** As SentencePiece's decoder: `▁` is a blank, and the first blank of a text is left out. */
const pieces = ['▁We', '▁have', '▁', '2', '3', '▁nuts', '.'];
const sentencePiece = {
  decode: (ids: readonly number[]) =>
    ids.map((id) => pieces[id] ?? '').join('').replaceAll('▁', ' ').replace(/^ /, ''), // prettier-ignore
};

describe('tokenText', () => {
  it('keeps the blank that a token begins with, and one that is nothing else', () => {
    const texts = pieces.map((_, id) => tokenText(sentencePiece, id));
    expect(texts).toEqual([' We', ' have', ' ', '2', '3', ' nuts', '.']);
    const ids = pieces.map((_, id) => id);
    expect(texts.join('').trimStart()).toBe(sentencePiece.decode(ids));
  });

  it('leaves tokens of decoders alone that keep their blanks', () => {
    const plain = { decode: (ids: readonly number[]) => ids.map((id) => [' a', 'b', '\n'][id]).join('') }; // prettier-ignore
    expect([0, 1, 2].map((id) => tokenText(plain, id))).toEqual([' a', 'b', '\n']);
  });
});
