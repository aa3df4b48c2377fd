import { describe, expect, it } from 'vitest';
import type { LoopStep, RoundOutcome } from '../../src/align/loop.js';
import { applyRound, checkLimits, nextStep, startLoop } from '../../src/align/loop.js';

const outcome = (last: string, correction: string): RoundOutcome => ({
  last,
  correction,
  upstreamEnded: false,
  finish: 'stop',
  tokens: { upstream: 1, corrector: 1 },
  milliseconds: { upstream: 1, corrector: 2 },
  rows: 1,
  readings: null,
});

describe('applyRound', () => {
  const limits = checkLimits({ maxRounds: 3, maxCharacters: 12 });
  const after = (last: string, correction: string, step: Exclude<LoopStep, 'done'> = 'correct') =>
    applyRound(startLoop('q'), step, outcome(last, correction), limits);

  it('keeps the prefix before the round in the round, and the one after in the state', () => {
    const first = applyRound(startLoop('q'), 'correct', outcome('x', 'A.'), limits);
    const second = applyRound(first.state, 'correct', outcome(' B.', 'C.'), limits);
    expect(second.round).toMatchObject({ index: 1, prefix: 'A.', last: ' B.', correction: ' C.' });
    expect(second.state.prefix).toBe('A. C.');
    expect(second.state.rounds).toEqual([first.round, second.round]);
    expect(first.state.rounds).toHaveLength(1);
  });

  it('calls a round copied only where y2 is y1 and not empty', () => {
    expect(after('A.', 'A.').round.copied).toBe(true);
    expect(after('A.', 'B.').round.copied).toBe(false);
    expect(after('', '').round.copied).toBe(false);
    expect(after('A.', 'A.', 'continue-upstream').round.copied).toBe(false);
  });

  it('measures the edit, from y1 to y2, where there was a y1', () => {
    expect(after('abcd', 'abXdef').round.edit).toMatchObject({
      editRatio: 3 / 4,
      lengthRatio: 6 / 4,
    });
    expect(after('A.', 'A.').round.edit?.editRatio).toBe(0);
    expect(after('', 'A.').round.edit).toBeNull();
  });

  it('copies a lone full stop like any other text, and measures no edit of it', () => {
    expect(after('.', '.').round).toMatchObject({ copied: true, edit: null, correction: '.' });
    expect(after('.\n', 'A whole sentence.').round).toMatchObject({ copied: false, edit: null });
  });

  it('stops where the upstream is silent so many times in a row, and only where that is asked', () => {
    const rounds = (all: readonly [string, string][], maxSilent?: number) => {
      const ends = checkLimits({ ...(maxSilent !== undefined && { maxSilent }), maxRounds: 9 });
      return all.reduce(
        (state, [last, correction]) => applyRound(state, 'correct', outcome(last, correction), ends).state, // prettier-ignore
        startLoop('q'),
      ).stop;
    };
    const silent: [string, string] = ['', 'A.'];
    expect(rounds([['B.', 'B.'], silent, silent], 2)).toBe('upstream-silent');
    expect(rounds([silent, ['B.', 'B.'], silent], 2)).toBeNull();
    expect(rounds([silent, silent], 2)).toBe('upstream-silent');
    expect(rounds([silent, silent, silent, silent])).toBeNull();
    // Lines of code, of which many hold no letter.
    expect(
      rounds(
        [
          ['}', '}'],
          ['}', '}'],
          ['});', '});'],
        ],
        2,
      ),
    ).toBeNull();
    expect(() => checkLimits({ maxSilent: 0 })).toThrow('maxSilent is not a usable number');
  });

  it('stops for each reason, and for none before it is due', () => {
    expect(after('A.', '').state.stop).toBe('empty-correction');
    for (const last of ['A.', '']) {
      for (const note of ['marker', 'controls'] as const) {
        const emptied = { ...outcome(last, ''), notes: [note] };
        const { stop } = applyRound(startLoop('q'), 'correct', emptied, limits).state;
        expect(stop).toBe('empty-after-cleaning');
      }
    }
    const odd = { ...outcome('A.', ''), notes: ['controlsInLast' as const] };
    const { stop: own } = applyRound(startLoop('q'), 'correct', odd, limits).state;
    expect(own).toBe('empty-correction');
    expect(after('', '').state.stop).toBe('end-of-answer');
    expect(after('', 'A.').state.stop).toBeNull();
    expect(after('A.', '12345678901.').state.stop).toBe('max-length');
    expect(after('A.', '1234567890.').state.stop).toBeNull();
    let state = startLoop('q');
    const stops = [1, 2, 3].map(() => {
      state = applyRound(state, 'correct', outcome('A.', 'A.'), limits).state;
      return state.stop;
    });
    expect(stops).toEqual([null, null, 'max-rounds']);
  });

  it('ends an upstream’s continuation by its end of turn or by the limit', () => {
    const end = (ended: boolean) =>
      applyRound(
        startLoop('q'),
        'continue-upstream',
        { ...outcome('B.', 'B.'), upstreamEnded: ended },
        limits,
      ).state.stop;
    expect(end(true)).toBe('end-of-answer');
    expect(end(false)).toBe('max-length');
  });
});

describe('nextStep', () => {
  it('corrects to the end in classic mode and hands over in continue mode', () => {
    const first = applyRound(startLoop('q'), 'correct', outcome('A.', 'A.'), checkLimits({})).state;
    const upstream = checkLimits({ mode: { correctionRounds: 1, continueWith: 'upstream' } });
    const corrector = checkLimits({ mode: { correctionRounds: 1, continueWith: 'corrector' } });
    expect(nextStep(first, checkLimits({}))).toBe('correct');
    expect(nextStep(startLoop('q'), upstream)).toBe('correct');
    expect(nextStep(first, upstream)).toBe('continue-upstream');
    expect(nextStep(first, corrector)).toBe('continue-corrector');
    expect(nextStep({ ...first, stop: 'max-length' }, upstream)).toBe('done');
  });
});

describe('checkLimits', () => {
  it('refuses limits that make no sense, with the number', () => {
    expect(() => checkLimits({ maxRounds: 0 })).toThrow(/maxRounds .*got 0/);
    expect(() => checkLimits({ maxCharacters: 2.5 })).toThrow(/maxCharacters .*got 2.5/);
    expect(() => checkLimits({ mode: { correctionRounds: -1, continueWith: 'upstream' } })).toThrow(
      /correctionRounds .*got -1/,
    );
    expect(() =>
      checkLimits({ maxRounds: 4, mode: { correctionRounds: 4, continueWith: 'corrector' } }),
    ).toThrow(/no round is left/);
  });
});
