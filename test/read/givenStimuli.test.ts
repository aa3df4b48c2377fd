import { describe, expect, it } from 'vitest';
import { parseGivenStimuli } from '../../src/read/givenStimuli.js';
import { formatStimuli } from '../../src/read/stimuliFile.js';
import { kindOf, lengthOf, wordingOf } from '../../src/read/stimuli.js';

const names = { positive: 'happy', negative: 'sad' };
const lines = (rows: readonly unknown[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const parse = (rows: readonly unknown[], seed = 0) =>
  parseGivenStimuli(lines(rows), 'a.jsonl', { names, seed });

/** `count` pairs of texts. */
const pairRows = (count: number) =>
  Array.from({ length: 2 * count }, (_, i) => ({
    label: i % 2 === 0 ? 'happy' : 'sad',
    pair: i >> 1,
    text: `I am ${i % 2 === 0 ? 'glad' : 'low'} ${i >> 1}`,
  }));

describe('given stimuli', () => {
  it('have their labels by the names of the file, and both members of a pair in one half', () => {
    const stimuli = parse(pairRows(21));
    expect(stimuli.map(({ label }) => label).slice(0, 2)).toEqual(['positive', 'negative']);
    for (let i = 0; i < stimuli.length; i += 2) {
      expect(stimuli[i]?.half).toBe(stimuli[i + 1]?.half);
      expect(stimuli[i]?.problem).toBe(stimuli[i + 1]?.problem);
    }
    expect(stimuli.filter(({ half }) => half === 'train')).toHaveLength(22);
  });

  it('are halved by group, and alike for a seed', () => {
    const rows = pairRows(12).map((row) => ({ ...row, group: `g${row.pair % 4}` }));
    const halves = new Map(parse(rows).map(({ problem, half }) => [problem, half]));
    expect([...halves.values()].filter((half) => half === 'train')).toHaveLength(2);
    expect(parse(rows).every(({ problem, half }) => halves.get(problem) === half)).toBe(true);
    const others = [1, 2, 3, 4].map((seed) => parse(rows, seed).map(({ half }) => half));
    expect(new Set(others.map((half) => half.join())).size).toBeGreaterThan(1);
  });

  it('keep the half that a line names', () => {
    const rows = pairRows(4).map((row) => ({ ...row, half: row.pair < 3 ? 'train' : 'heldOut' }));
    expect(parse(rows).filter(({ half }) => half === 'heldOut')).toHaveLength(2);
  });

  it('may be texts, chats or inputs of a corrector; every word of a chat counts', () => {
    const messages = [
      { role: 'system', content: 'Be glad.' },
      { role: 'user', content: 'How are you?' },
      { role: 'assistant', content: 'I am' },
    ];
    const rows = [
      { label: 'happy', messages, half: 'train' },
      { label: 'sad', question: 'q', last: 'so it is', half: 'train' },
      { label: 'happy', text: 'yes', half: 'heldOut' },
      { label: 'sad', text: 'no', half: 'heldOut' },
      { label: 'happy', text: 'aye', half: 'train' },
      { label: 'sad', text: 'nay', half: 'train' },
    ];
    const [chat, passage] = parse(rows);
    expect(chat && wordingOf(chat)).toBe('Be glad.\nHow are you?\nI am');
    expect(passage).toMatchObject({ question: 'q', prefix: '', last: 'so it is' });
    expect(passage && lengthOf(passage)).toBe(8);
    expect(passage && kindOf(passage)).toBe('negative');
  });

  it('come back as they were written', () => {
    const stimuli = parse(pairRows(5));
    const text = formatStimuli(stimuli, names);
    expect(text).toContain('"label":"happy"');
    expect(parseGivenStimuli(text, 'b.jsonl', { names, seed: 7 })).toEqual(stimuli);
  });

  it('name file and line of what is wrong', () => {
    const broken = (change: object): (() => unknown) => {
      const rows: object[] = pairRows(4);
      rows[1] = { ...rows[1], ...change };
      return () => parse(rows);
    };
    expect(broken({ label: 'positive' })).toThrow(
      /^a\.jsonl:2: unknown label \(expected happy \| sad, got "positive"\)/,
    );
    expect(broken({ messages: [] })).toThrow(
      /^a\.jsonl:2: expected one input: .*text and messages/,
    );
    expect(broken({ text: undefined })).toThrow(/^a\.jsonl:2: expected one input: .*\(got none\)/);
    expect(broken({ text: undefined, messages: [{ role: 'user' }] })).toThrow(
      /^a\.jsonl:2: message 0 is not \{"role"/,
    );
    expect(broken({ label: 'happy' })).toThrow(
      /^a\.jsonl:1: pair 0 is not two lines, one of either label \(got positive, positive\)/,
    );
    expect(broken({ half: 'test' })).toThrow(/^a\.jsonl:2: unknown half/);
    const twoGroups = [{ group: 'g' }, { group: 'h' }].map((g, i) => ({ ...pairRows(1)[i], ...g }));
    expect(() => parse([...twoGroups, ...pairRows(4).slice(2)])).toThrow(
      /^a\.jsonl:1: pair 0 is in two groups/,
    );
    const twoHalves = pairRows(3).map((row, i) => ({
      ...row,
      half: i === 1 ? 'heldOut' : 'train',
    }));
    expect(() => parse(twoHalves)).toThrow(/^a\.jsonl:2: group pair 0 is in both halves/);
    expect(() => parse(pairRows(4).map((row) => ({ ...row, id: 'x' })))).toThrow(
      /^a\.jsonl: two stimuli have the id x/,
    );
    expect(() => parse(pairRows(4).slice(0, 2))).toThrow(
      /^a\.jsonl: too few stimuli labelled happy and sad \(.*, got 1 happy and 1 sad in train, 0 happy and 0 sad in heldOut\); give more inputs labelled happy/,
    );
  });
});
