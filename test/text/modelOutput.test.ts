/** What of a model's output stands in an answer. */
import { describe, expect, it } from 'vitest';
import { promptMarkers, streamAlignerPrompt, wholeAnswerPrompt } from '../../src/align/prompts.js';
import { cleanOutput } from '../../src/text/modelOutput.js';

const markers = promptMarkers(streamAlignerPrompt);

describe('control characters', () => {
  it.each([
    ['a\0b', 'ab'],
    ['\x1B[31mred\x1B[0m and \x9B1mbold', 'red and bold'],
    ['\x1B]8;;http://x.example\x07link\x1B]8;;\x07', 'link'],
    ['a\x07\x08\x0B\x0C\x7F\x85\x9Fb', 'ab'],
    ['a\rb', 'ab'],
    ['a\uD800b\uDC00', 'ab'],
    ['a\uFFFEb\u{1FFFF}\uFDD0', 'ab'],
  ])('go: %j', (raw, text) => {
    expect(cleanOutput(raw)).toEqual({ text, controls: true, marker: false });
  });

  it.each([
    'a\tb\nc\r\nd',
    'می‌روم',
    '👩‍🚀 🇩🇪',
    '\u2067abc\u2069',
    'café cafe\u0301 \u00A0',
    '### a <|im_end|>',
    '',
  ])('are not found in %j', (text) => {
    expect(cleanOutput(text, markers)).toEqual({ text, controls: false, marker: false });
  });
});

describe('markers', () => {
  it('are those of the prompt', () => {
    expect(markers).toEqual([
      ...['##Question:', '##Answer_Prefix:', '##Answer_Last_Sentence:', '##Your_Revision:'],
    ]);
    expect(promptMarkers(wholeAnswerPrompt)).toEqual(['##Question:', '##Answer:', '##Correction:']);
    expect(promptMarkers(({ last }) => last)).toEqual([]);
  });

  it.each([
    ['So it is 5. | ##Question: What? | ##Answer_Prefix:', 'So it is 5.'],
    ['So it is 5.\n##Your_Revision: So it is 6.', 'So it is 5.'],
    ['##Your_Revision: So it is 5.', ' So it is 5.'],
    [' ##Your_Revision: ##Your_Revision: a', ' a'],
    [`${streamAlignerPrompt({ question: 'Q', prefix: 'P', last: 'L' })}R`, ' R'],
    ['##Question: and no more', ''],
    ['##Your_Revision: a ##Your_Revision: b', ' a'],
  ])('end a text, or begin it again: %j', (raw, text) => {
    expect(cleanOutput(raw, markers)).toEqual({ text, controls: false, marker: true });
  });
});
