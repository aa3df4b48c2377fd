import { describe, expect, it } from 'vitest';
import { evaluateSummary } from '../../../src/experiment/answers/evaluate/shape.js';
import { answerRecord } from '../../../src/experiment/answers/shape.js';
import { byGroup } from '../../../src/experiment/shared/groups.js';
import { checked } from '../../../src/shape/check.js';
import { evaluateExample } from '../examples.js';

describe('byGroup', () => {
  it('summarises every group, in the order of the alphabet, and nothing without one', () => {
    const records = ['b', null, 'a', 'b'].map((group) => ({ group }));
    const count = (some: unknown[]) => ({ n: some.length });
    expect(byGroup(records, count)).toEqual([
      { group: 'a', n: 1 },
      { group: 'b', n: 2 },
    ]);
  });
});

describe('run folders of before', () => {
  it('are read with the groups of today', () => {
    const answer = { kind: 'answer', system: 'upstream', problem: 'test-0-1', right: true };
    const text = { answer: '', stop: 'end-of-answer', revisions: [] };
    const record = checked(answerRecord, { ...answer, unseenFamily: true, ...text }, 'record');
    expect(record).toEqual({ ...answer, group: 'unseen', ...text });
    const [system, ...others] = evaluateExample.systems;
    if (!system) throw new Error('no system');
    const { groups, ...rest } = system;
    const [unseen] = groups;
    const { group, ...outcomes } = unseen ?? { group: '' };
    const old = { ...rest, seenFamilies: outcomes, unseenFamily: outcomes };
    const { systems } = checked(evaluateSummary, { systems: [old, ...others] }, 'evaluate.json');
    expect(systems[0]?.groups.map((of) => of.group)).toEqual(['seen', group]);
    expect(systems[0]?.groups[1]).toEqual(unseen);
  });
});
