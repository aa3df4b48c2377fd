import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/math/random.js';
import type { Random } from '../../src/math/random.js';
import { createSentenceCutter, splitSentences } from '../../src/text/sentences.js';
import type { SentenceCutterOptions } from '../../src/text/sentences.js';

/** Feeds the text in portions of random length (1 … `most` UTF-16 units). */
function feed(options: {
  text: string;
  random: Random;
  most: number;
  cutter?: SentenceCutterOptions;
}): string[] {
  const { text, random, most } = options;
  const cutter = createSentenceCutter(options.cutter);
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const size = 1 + random.integer(most);
    pieces.push(...cutter.push(text.slice(at, at + size)));
    at += size;
  }
  return [...pieces, ...cutter.finish()];
}

describe('splitSentences: the vectors', () => {
  const vectors: [string, string[]][] = [
    ['Dr. Smith paid $3.50. He left.', ['Dr. Smith paid $3.50. ', 'He left.']],
    ['J. Smith saw Fig. 3. It helped.', ['J. Smith saw Fig. 3. ', 'It helped.']],
    ['So $x^2.$ Then y.', ['So $x^2.$ ', 'Then y.']],
    ['Step 1. Compute 3.14. Step 2. Add.', ['Step 1. Compute 3.14. ', 'Step 2. Add.']],
    ['1. First\n2. Second', ['1. First\n', '2. Second']],
    ['Wait... what? Yes.', ['Wait... what? ', 'Yes.']],
    ['The U.S. Army came. We left.', ['The U.S. Army came. ', 'We left.']],
    ['no terminal punctuation', ['no terminal punctuation']],
    ['The value is 3.', ['The value is 3.']],
  ];
  it.each(vectors)('%s', (text, pieces) => {
    expect(splitSentences(text)).toEqual(pieces);
    expect(feed({ text, random: createRandom(1), most: 1 })).toEqual(pieces);
  });
});

describe('splitSentences: more text', () => {
  const cases: [string, string[]][] = [
    ['', []],
    [' \n ', [' \n ']],
    ['\n\nHello there.  \n Go!', ['\n\nHello there.  \n ', 'Go!']],
    ['He said "Stop." She left.', ['He said "Stop." ', 'She left.']],
    [
      '"Stop!" he said. Then (quietly.) He left.',
      ['"Stop!" he said. ', 'Then (quietly.) ', 'He left.'],
    ],
    ['Really?! Yes… Well. OK', ['Really?! ', 'Yes… ', 'Well. ', 'OK']],
    ['Solve for x. Then y.', ['Solve for x. ', 'Then y.']],
    ['The answer is no. So be it.', ['The answer is no. ', 'So be it.']],
    ['See No. 5 of it. Fine.', ['See No. 5 of it. ', 'Fine.']],
    [
      'Apples, pears, etc. are good, etc. They are.',
      ['Apples, pears, etc. are good, etc. ', 'They are.'],
    ],
    ['Use it, e.g. Tom did, i.e. twice. Yes.', ['Use it, e.g. Tom did, i.e. twice. ', 'Yes.']],
    ['She has 3. He has 4.', ['She has 3. ', 'He has 4.']],
    ['**Step 1.** Add. **Step 2.** Halve.', ['**Step 1.** Add. ', '**Step 2.** Halve.']],
    ['今天很好。明天！“好？”走。', ['今天很好。', '明天！', '“好？”', '走。']],
    [
      'It cost $5. It cost $1,200.50! Or $7? Yes.',
      ['It cost $5. ', 'It cost $1,200.50! ', 'Or $7? ', 'Yes.'],
    ],
    [
      'We get $3$. Then $2 \\times 3.5 x. 4y$ is. Done.',
      ['We get $3$. ', 'Then $2 \\times 3.5 x. 4y$ is. ', 'Done.'],
    ],
    ['Pay $ 5. Then go. Now.', ['Pay $ 5. ', 'Then go. ', 'Now.']],
    [
      'So \\(a. B\\) holds. And \\[c.\n\nD.\\] Yes.',
      ['So \\(a. B\\) holds. ', 'And \\[c.\n\nD.\\] ', 'Yes.'],
    ],
    ['$$x. Y\n= 3.$$ Then.', ['$$x. Y\n= 3.$$ ', 'Then.']],
    [
      'A: \\begin{align}x &= 1. \\\\\ny\n\\end{align} B. Then go. C',
      ['A: \\begin{align}x &= 1. \\\\\ny\n\\end{align} B. Then go. ', 'C'],
    ],
    [
      'Code:\n```py\nx = 1. Y\n\nz\n```\nThen. End.',
      ['Code:\n', '```py\nx = 1. Y\n\nz\n```\n', 'Then. ', 'End.'],
    ],
    ['Open $x + y. And\n\nmore. Here.', ['Open $x + y. ', 'And\n\n', 'more. ', 'Here.']],
  ];
  it.each(cases)('%j', (text, pieces) => {
    expect(splitSentences(text)).toEqual(pieces);
  });

  it('cuts at blank lines only in step mode', () => {
    const text = 'One. Two.\nThree.\n \n\nFour. $$a\n\nb$$ Five.\n\n';
    expect(splitSentences(text, { mode: 'step' })).toEqual([
      'One. Two.\nThree.\n \n\n',
      'Four. $$a\n\nb$$ Five.\n\n',
    ]);
  });
});

describe('createSentenceCutter', () => {
  it('gives a sentence out as soon as the next one begins, and not before', () => {
    const cutter = createSentenceCutter();
    expect(cutter.push('It cost $3.')).toEqual([]);
    expect(cutter.push(' ')).toEqual([]);
    expect(cutter.push('H')).toEqual(['It cost $3. ']);
    expect(cutter.push('e left')).toEqual([]);
    expect(cutter.finish()).toEqual(['He left']);
    expect(cutter.finish()).toEqual([]);
  });

  it('falls back on the maximum length, at white space where there is some', () => {
    const options = { maxLength: 10 };
    expect(splitSentences('aaaa bbbb cccc dddd', options)).toEqual(['aaaa bbbb ', 'cccc dddd']);
    expect(splitSentences('a'.repeat(25), options).map((p) => p.length)).toEqual([10, 10, 5]);
    // A character of two UTF-16 units is not cut in half.
    const wide = splitSentences('😀'.repeat(8), { maxLength: 5 });
    expect(wide).toEqual(['😀😀', '😀😀', '😀😀', '😀😀']);
    expect(() => createSentenceCutter({ maxLength: 1 })).toThrow('at least 2 (got 1)');
  });

  const alphabet = [
    ...[
      '. ',
      '.',
      '! ',
      '?',
      '…',
      '...',
      '\n',
      '\n\n',
      ' ',
      '"',
      ')',
      '(',
      '$',
      '$$',
      '\\(',
      '\\)',
    ],
    ...[
      '\\[',
      '\\]',
      '\\begin{a}',
      '\\end{a}',
      '```',
      '`',
      '\n```\n',
      'Dr',
      'e.g',
      'U.S',
      'x',
      'Fig',
    ],
    ...['।', '؟', '۔ ', '｡', '．', '։', '‼️', '“', '„', '«', '\u200f', ' al', '[', '\u2029', '* '],
    ...['3', '1,000', '。', '！', '😀', 'Step 1', 'etc', '\\', '*', '𝐚', 'And then', 'é', '\ud83d'],
  ];
  const text = (random: Random): string =>
    Array.from({ length: 2 + random.integer(28) }, () => random.pick(alphabet)).join('');

  it('is lossless, and its pieces do not depend on the portions (random texts)', () => {
    const random = createRandom('cutter');
    for (let trial = 0; trial < 1500; trial++) {
      const sample = text(random);
      const cutter: SentenceCutterOptions = {
        mode: trial % 4 === 0 ? 'step' : 'sentence',
        maxLength: trial % 3 === 0 ? 12 : 2000,
      };
      const whole = splitSentences(sample, cutter);
      expect(whole.join('')).toBe(sample);
      expect(whole.every((piece) => piece !== '')).toBe(true);
      const shown = JSON.stringify(sample);
      expect(feed({ text: sample, random, most: 1, cutter }), shown).toEqual(whole);
      expect(feed({ text: sample, random, most: 7, cutter }), shown).toEqual(whole);
    }
  });

  it('never gives out a piece of white space only between sentences', () => {
    const random = createRandom('space');
    for (let trial = 0; trial < 300; trial++) {
      const pieces = splitSentences(text(random));
      for (const piece of pieces) if (pieces.length > 1) expect(piece.trim()).not.toBe('');
    }
  });
});

describe('every script', () => {
  const cases: [string, string[]][] = [
    ['राम घर गया। वह खुश था।', ['राम घर गया। ', 'वह खुश था।']],
    ['राम गया।वह रुका॥', ['राम गया।', 'वह रुका॥']],
    ['उसने कहा "रुको।" वह गया।', ['उसने कहा "रुको।" ', 'वह गया।']],
    ['هل جاء؟ نعم. شكرا!', ['هل جاء؟ ', 'نعم. ', 'شكرا!']],
    ['هل جاء؟\u200f نعم.', ['هل جاء؟\u200f ', 'نعم.']],
    ['کیا وہ آیا؟ ہاں۔ وہ گیا۔', ['کیا وہ آیا؟ ', 'ہاں۔ ', 'وہ گیا۔']],
    ['ｱﾒﾘｶ｡ﾆﾎﾝ｡', ['ｱﾒﾘｶ｡', 'ﾆﾎﾝ｡']],
    ['他说"好。"然后走。', ['他说"好。"', '然后走。']],
    ['他走。"好。"她说。', ['他走。', '"好。"', '她说。']],
    ['**重要。**然后。**好。**', ['**重要。**', '然后。', '**好。**']],
    ['値は３．１４です．次に進む．', ['値は３．１４です．', '次に進む．']],
    ['Սա տուն է։ Նա գնաց։', ['Սա տուն է։ ', 'Նա գնաց։']],
    ['እሱ ሄደ። እሷ መጣች።', ['እሱ ሄደ። ', 'እሷ መጣች።']],
    ['သူသွားသည်။ သူပြန်လာသည်။', ['သူသွားသည်။ ', 'သူပြန်လာသည်။']],
    ['Er rief: „Halt!“ Sie hielt.', ['Er rief: „Halt!“ ', 'Sie hielt.']],
    ['Il dit «Oui.» Elle part.', ['Il dit «Oui.» ', 'Elle part.']],
    ['Really‼️ Yes⁉ No.', ['Really‼️ ', 'Yes⁉ ', 'No.']],
    ['One.\u2029Two\u2028three', ['One.\u2029', 'Two\u2028three']],
    ['So $x = 1。$ 好。', ['So $x = 1。$ ', '好。']],
  ];
  it.each(cases)('%j', (text, pieces) => {
    expect(splitSentences(text)).toEqual(pieces);
    expect(feed({ text, random: createRandom(1), most: 1 })).toEqual(pieces);
  });

  it('has its terminators, as Unicode lists them', () => {
    let count = 0;
    for (let code = 0x80; code < 0x20000; code++) {
      const mark = String.fromCodePoint(code);
      if (!/\p{Sentence_Terminal}/u.test(mark)) continue;
      expect(splitSentences(`ab${mark} cd${mark}ef`), code.toString(16)).toHaveLength(3);
      count++;
    }
    expect(count).toBeGreaterThan(140);
  });
});

describe('abbreviations', () => {
  const whole = [
    'As Smith et al. [2004] say, it works.',
    'As Smith et al. (2004) say, it works.',
    'As Smith et al. 2004 say, it works.',
    'By Eq. (3) it holds.',
    'By Ref. [4] it holds.',
    'Fruit, e.g. Apples, is good.',
    'Acme Inc. (New York) sells it.',
    'It costs 3.50 in all',
    'See https://a.org/b.html?q=1!x for it',
  ];
  it.each(whole)('%j is one sentence', (text) => {
    expect(splitSentences(text)).toEqual([text]);
  });
  it('end a sentence where a new one begins', () => {
    expect(splitSentences('It is by Smith et al. The book sold.')).toHaveLength(2);
    expect(splitSentences('The answer is no. (See above.) Fine.')).toHaveLength(3);
  });
});

/** language, text, pySBD's pieces, Intl.Segmenter's */
type Cut = [string, string, string[], string[]];

describe('pySBD and Intl.Segmenter', () => {
  const cuts = JSON.parse(
    readFileSync(new URL('../goldens/sentences.json', import.meta.url), 'utf8'),
  ) as Cut[];
  // A question mark without white space behind it ends nothing: it stands in an address.
  const own = ['See https://example.com/a.html?q=1. It helps.'];

  it('are followed where they agree', () => {
    const agreed = cuts.filter(([, , one, other]) => JSON.stringify(one) === JSON.stringify(other));
    expect(agreed.length).toBeGreaterThan(80);
    for (const [language, text, pieces] of agreed) {
      if (own.includes(text)) continue;
      const ours = splitSentences(text).map((piece) => piece.trim());
      expect(ours, language).toEqual(pieces);
    }
  });

  it('one of them is right wherever they do not', () => {
    for (const [language, text, one, other] of cuts) {
      if (own.includes(text)) continue;
      expect([one, other], language).toContainEqual(splitSentences(text).map((p) => p.trim()));
    }
  });
});
