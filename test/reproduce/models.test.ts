/** Which models a reproduction takes, and what it says of those that are not there. */
import { describe, expect, it } from 'vitest';
import { chooseModels, type NamedModels } from '../../src/reproduce/models.js';

const nothing: NamedModels = {
  quick: false,
  upstream: 'upstream-arithmetic',
  corrector: undefined,
  aligner: undefined,
  expert: undefined,
  antiExpert: undefined,
  sft: undefined,
  dpo: undefined,
};
const correctors = ['s', 'm', 'l', 'm-seed2'].map((size) => `corrector-arithmetic-${size}`);

describe('chooseModels', () => {
  it('takes every embedded size with its companions, and the second seed', () => {
    const sizes = ['s', 'm', 'l'];
    const there = [
      ...correctors,
      ...sizes.map((size) => `aligner-arithmetic-${size}`),
      ...sizes.map((size) => `expert-arithmetic-${size}`),
      ...sizes.map((size) => `corrector-arithmetic-${size}-stage1`),
      ...['upstream-arithmetic-sft', 'upstream-arithmetic-dpo'],
    ];
    const { models, absent } = chooseModels(nothing, there);
    expect(absent).toEqual([]);
    expect(models.sizes).toHaveLength(4);
    expect(models.sizes[1]).toEqual({
      corrector: 'corrector-arithmetic-m',
      aligner: 'aligner-arithmetic-m',
      expert: 'expert-arithmetic-m',
      antiExpert: 'corrector-arithmetic-m-stage1',
    });
    expect(models.sizes[3]).toEqual({ corrector: 'corrector-arithmetic-m-seed2' });
    expect(models.tuned).toEqual({
      sft: 'upstream-arithmetic-sft',
      dpo: 'upstream-arithmetic-dpo',
    });
  });

  it('takes one size where a quick look is asked for', () => {
    const { models } = chooseModels({ ...nothing, quick: true }, correctors);
    expect(models.sizes).toEqual([{ corrector: 'corrector-arithmetic-m' }]);
  });

  it('leaves out what is not there, and says so', () => {
    const there = ['corrector-arithmetic-m', 'aligner-arithmetic-m', 'upstream-arithmetic-dpo'];
    const { models, absent } = chooseModels(nothing, there);
    expect(models.sizes).toEqual([
      { corrector: 'corrector-arithmetic-m', aligner: 'aligner-arithmetic-m' },
    ]);
    expect(models.tuned).toEqual({ dpo: 'upstream-arithmetic-dpo' });
    expect(absent).toEqual([
      ...['corrector-arithmetic-s', 'corrector-arithmetic-l', 'corrector-arithmetic-m-seed2'],
      ...['expert-arithmetic-m', 'corrector-arithmetic-m-stage1', 'upstream-arithmetic-sft'],
    ]);
  });

  it('gives models of your own no embedded companions', () => {
    const named = { ...nothing, upstream: './big', corrector: ['./a', './b'] };
    expect(chooseModels(named, ['upstream-arithmetic-sft']).models).toEqual({
      upstream: './big',
      sizes: [{ corrector: './a' }, { corrector: './b' }],
      tuned: {},
    });
  });

  it('pairs lists by their order', () => {
    const named = {
      ...nothing,
      ...{ corrector: ['./a', './b'], aligner: ['./x'], expert: ['./e'], antiExpert: ['./f'] },
    };
    expect(chooseModels(named, []).models.sizes).toEqual([
      { corrector: './a', aligner: './x', expert: './e', antiExpert: './f' },
      { corrector: './b' },
    ]);
  });

  it('refuses lists that do not go together, and no corrector at all', () => {
    const choose = (of: Partial<NamedModels>) => () => chooseModels({ ...nothing, ...of }, []);
    expect(choose({ corrector: ['./a'], expert: ['./e'] })).toThrow(/go in pairs \(got 1 and 0\)/);
    expect(choose({ corrector: ['./a'], aligner: ['./x', './y'] })).toThrow(
      /--aligner names 2 models for 1 correctors/,
    );
    expect(choose({})).toThrow(/no embedded corrector is there/);
  });
});
