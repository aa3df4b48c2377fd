import { describe, expect, it } from 'vitest';
import type { AnnotatedQuadruple, Fault, Quality } from '../../src/data/types.js';
import { createRandom } from '../../src/math/random.js';
import { balance, labelStimuli } from '../../src/read/labelling.js';
import { kindOf, lengthOf, type CorrectionStimulus } from '../../src/read/stimuli.js';
import { formatStimuli, hashStimuli, parseStimuli } from '../../src/read/stimuliFile.js';

const kinds: [Quality, Fault | null][] = [
  ['good', null],
  ['bad', 'wrong-result'],
  ['bad', 'wrong-operation'],
  ['neutral', 'hedged'],
];

/** Good sentences and every fifth hedged one are copied. */
function quadruples(count: number): AnnotatedQuadruple[] {
  return Array.from({ length: count }, (_, i) => {
    const [quality, fault] = kinds[i % 7 < 4 ? i % 7 : 0] ?? ['good', null];
    return {
      question: `Question ${i}?`,
      prefix: '',
      last: `Sentence ${i}.`,
      correction: '',
      problem: `p${Math.floor(i / 3)}`,
      quality,
      fault,
    };
  });
}

const all = quadruples(420);

function corrector(inputs: readonly { last: string }[]): Promise<string[]> {
  const copied = ({ last }: { last: string }): boolean => {
    const q = all.find((item) => item.last === last);
    const number = Number(last.replace(/\D/g, ''));
    return q?.quality === 'good' || (q?.fault === 'hedged' && number % 5 === 0);
  };
  return Promise.resolve(inputs.map((input) => (copied(input) ? input.last : 'Rewritten.')));
}

const count = (
  stimuli: readonly CorrectionStimulus[],
  test: (s: CorrectionStimulus) => boolean,
): number => stimuli.filter(test).length;

describe('labelStimuli', () => {
  it('labels by what the corrector does, whatever the quality', async () => {
    const stimuli = await labelStimuli({ quadruples: all, correct: corrector, seed: 1 });
    for (const s of stimuli) expect(s.label === 'copy').toBe(s.output === s.last);
    expect(count(stimuli, (s) => s.fault === 'hedged' && s.label === 'copy')).toBeGreaterThan(0);
  });

  it('keeps both labels equal in either half, and problems in one half', async () => {
    const stimuli = await labelStimuli({
      quadruples: all,
      correct: corrector,
      seed: 1,
      perLabel: 80,
    });
    for (const half of ['train', 'heldOut']) {
      expect(count(stimuli, (s) => s.half === half && s.label === 'copy')).toBe(40);
      expect(count(stimuli, (s) => s.half === half && s.label === 'correct')).toBe(40);
    }
    const train = new Set(stimuli.filter((s) => s.half === 'train').map((s) => s.problem));
    expect(count(stimuli, (s) => s.half === 'heldOut' && train.has(s.problem))).toBe(0);
    expect(new Set(stimuli.map((s) => s.id)).size).toBe(stimuli.length);
  });

  it('balances the kinds within `correct`', async () => {
    const stimuli = await labelStimuli({
      quadruples: all,
      correct: corrector,
      seed: 1,
      perLabel: 60,
    });
    const correct = stimuli.filter((s) => s.label === 'correct');
    for (const fault of ['wrong-result', 'wrong-operation', 'hedged']) {
      expect(count(correct, (s) => kindOf(s) === fault)).toBe(20);
    }
  });

  it('takes copies that are as long as what is corrected', () => {
    const of = (label: CorrectionStimulus['label'], lengths: number[]): CorrectionStimulus[] =>
      lengths.map((length, i) => {
        const last = 'x'.repeat(length);
        const output = label === 'copy' ? last : 'y';
        const kind = { quality: label === 'copy' ? 'good' : 'bad', fault: null } as const;
        const place = { problem: `p${i}`, question: '', prefix: '', half: 'train' } as const;
        return { id: '', ...place, last, output, label, ...kind };
      });
    const stimuli = [
      ...of('correct', [30, 50, 40, 90]),
      ...of('copy', [10, 29, 20, 52, 31, 60, 41, 15]),
    ];
    const kept = balance(stimuli, 8, createRandom(1)).filter((s) => s.label === 'copy');
    expect(kept.map(lengthOf)).toEqual([60, 52, 41, expect.toSatisfy((n) => n === 29 || n === 31)]);
  });

  it('runs the corrector on twice as many good sentences as others, kinds in turn', async () => {
    const asked: string[] = [];
    const listening = (inputs: readonly { last: string }[]): Promise<string[]> => {
      asked.push(...inputs.map((input) => input.last));
      return corrector(inputs);
    };
    await labelStimuli({ quadruples: all, correct: listening, seed: 1, candidates: 120 });
    const kinds = asked.map((last) =>
      kindOf(all.find((q) => q.last === last) ?? { quality: 'bad', fault: null }),
    );
    const of = (kind: string): number => kinds.filter((k) => k === kind).length;
    expect([of('good'), of('wrong-result'), of('wrong-operation'), of('hedged')]).toEqual([
      80, 13, 13, 14,
    ]);
  });

  it('gives the same stimuli for the same seed, whatever the batches', async () => {
    const make = (seed: number, batchSize: number): Promise<CorrectionStimulus[]> =>
      labelStimuli({ quadruples: all, correct: corrector, seed, batchSize });
    expect(await make(5, 7)).toEqual(await make(5, 64));
    expect(await make(5, 64)).not.toEqual(await make(6, 64));
  });

  it('refuses a corrector that only copies, and quadruples without y1', async () => {
    const copies = (inputs: readonly { last: string }[]): Promise<string[]> =>
      Promise.resolve(inputs.map((input) => input.last));
    await expect(labelStimuli({ quadruples: all, correct: copies, seed: 1 })).rejects.toThrow(
      'stimuli: too few stimuli labelled correct (expected at least 2 of each label in train and 1 in heldOut, ' +
        'got 0 correct and 210 copy in train, 0 correct and 210 copy in heldOut); give more sentences that the corrector corrects',
    );
    const empty = all.map((q) => ({ ...q, last: '' }));
    await expect(labelStimuli({ quadruples: empty, correct: copies, seed: 1 })).rejects.toThrow(
      /too few stimuli labelled correct and copy .*got 0 correct and 0 copy in train, 0 correct/,
    );
  });

  it('counts both labels where the copies are too few, not what is left after balancing', async () => {
    const few = all.slice(0, 40);
    const copied = new Set([few[0]?.last, few[1]?.last]);
    const correct = (inputs: readonly { last: string }[]): Promise<string[]> =>
      Promise.resolve(inputs.map(({ last }) => (copied.has(last) ? last : 'Rewritten.')));
    // Both copies belong to problem p0, so that they are in one half.
    await expect(labelStimuli({ quadruples: few, correct, seed: 1 })).rejects.toThrow(
      /too few stimuli labelled copy \(.*, got \d+ correct and [02] copy in train, \d+ correct and [02] copy in heldOut\); give more sentences that the corrector copies$/,
    );
  });
});

describe('stimuli files', () => {
  it('come back as they were written', async () => {
    const stimuli = await labelStimuli({ quadruples: all, correct: corrector, seed: 1 });
    expect(parseStimuli(formatStimuli(stimuli), 'a.jsonl')).toEqual(stimuli);
    expect(hashStimuli(stimuli)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('name file and line of what is wrong', async () => {
    const stimuli = await labelStimuli({ quadruples: all, correct: corrector, seed: 1 });
    const lines = formatStimuli(stimuli).split('\n');
    const broken = (line: string): string => [lines[0], line, ...lines.slice(2)].join('\n');
    const change = (key: string, value: unknown): string =>
      broken(JSON.stringify({ ...(JSON.parse(lines[1] ?? '{}') as object), [key]: value }));
    expect(() => parseStimuli(broken('{"id":'), 'a.jsonl')).toThrow(
      /^a\.jsonl:2: not a line of JSON/,
    );
    expect(() => parseStimuli(broken('[]'), 'a.jsonl')).toThrow(
      /^a\.jsonl:2: expected a JSON object/,
    );
    expect(() => parseStimuli(change('last', 3), 'a.jsonl')).toThrow(
      /^a\.jsonl:2: last is not a text \(got 3\)/,
    );
    expect(() => parseStimuli(change('half', 'test'), 'a.jsonl')).toThrow(
      /^a\.jsonl:2: unknown half \(expected train \| heldOut, got "test"\)/,
    );
    expect(() => parseStimuli(change('label', 'copy'), 'a.jsonl')).toThrow(
      /^a\.jsonl:2: the label does not follow from the output/,
    );
    expect(() => parseStimuli(lines[0] ?? '', 'a.jsonl')).toThrow(/a\.jsonl: too few stimuli/);
  });
});
