import { describe, expect, it } from 'vitest';
import { createAligner } from '../../src/align/aligner.js';
import { createCorrector } from '../../src/align/corrector.js';
import { endOfTurn, fakeModel } from './fakes.js';

const input = (last: string) => ({ question: 'Q?', prefix: 'A.', last });
const echo = () => fakeModel((prompt) => ` ${/Sentence: (.*?) \|/.exec(prompt)?.[1] ?? ''}\n`);

describe('createCorrector', () => {
  it('recognises a copy in spite of white space around it, and emptiness', async () => {
    const model = echo();
    const corrector = createCorrector({ model });
    const texts = await corrector.correct([input('B is 3.'), input('')]);
    expect(texts).toMatchObject([
      { text: 'B is 3.', finish: 'stop', tokens: 10, readings: null },
      { text: '', finish: 'stop' },
    ]);
    expect(model.tokenizer.decode(model.requests[0]?.prompts[0] ?? [])).toBe(
      '<##Question: Q? | ##Answer_Prefix: A. | ##Answer_Last_Sentence: B is 3. | ##Your_Revision: >',
    );
    expect(model.requests[0]?.stop).toEqual([endOfTurn]);
  });

  it('has an identity in which everything stands that decides what it writes', () => {
    const bare = { model: echo() };
    const sampling = { temperature: 1, topP: 1, seed: 1 };
    const variants = [
      bare,
      { ...bare, maxNewTokens: 4 },
      { ...bare, sampling },
      { ...bare, sampling: { ...sampling, seed: 2 } },
      { ...bare, prompt: ({ last }: { last: string }) => last },
    ];
    const identities = variants.map((options) => JSON.stringify(createCorrector(options).identity));
    expect(new Set(identities).size).toBe(variants.length);
    expect(JSON.stringify(createCorrector(bare).identity)).toBe(identities[0]);
  });

  it('says where the limit cut it', async () => {
    const corrector = createCorrector({ model: echo(), maxNewTokens: 4 });
    expect(await corrector.correct([input('B is 3.')])).toMatchObject([
      { text: 'B i', finish: 'length', tokens: 4 },
    ]);
  });

  it('reads along the directions where asked, each reading beside the token it chose', async () => {
    const corrector = createCorrector({ model: fakeModel(() => 'Hi') });
    const project = { directions: new Float32Array(2 * 3), count: 3 };
    const [row] = await corrector.correct([input('B.')], { project });
    expect(row?.readings).toMatchObject({ tokens: ['H', 'i', ''], layers: 2, directions: 3 });
    expect(row?.readings?.values).toHaveLength(3 * 2 * 3);
  });

  it('lays the rows’ coefficients out as [B, L], zeros where a row has none', async () => {
    const model = echo();
    const steering = {
      direction: Float32Array.of(1, 1),
      ablation: Float32Array.of(0, 1),
      positions: 'generated' as const,
    };
    await createCorrector({ model }).correct(
      [{ ...input('B.'), coefficient: Float32Array.of(2, -3) }, input('C.')],
      { steering },
    );
    expect(model.requests[0]?.steering).toEqual({
      ...steering,
      coefficient: Float32Array.of(2, -3, 0, 0),
    });
  });

  it('a row’s own ablation replaces the batch’s; the other rows keep that', async () => {
    const model = echo();
    const steering = { direction: Float32Array.of(1, 1), ablation: Float32Array.of(0, 1) };
    const rows = [{ ...input('B.'), ablation: Float32Array.of(0.5, 0) }, input('C.')];
    await createCorrector({ model }).correct(rows, { steering });
    expect(model.requests[0]?.steering).toEqual({
      direction: steering.direction,
      coefficient: new Float32Array(4),
      ablation: Float32Array.of(0.5, 0, 0, 1),
    });
    const bare = createCorrector({ model });
    await expect(bare.correct(rows)).rejects.toThrow(/an ablation but there is no direction/);
    const long = [{ ...input('B.'), ablation: new Float32Array(3) }];
    await expect(bare.correct(long, { steering })).rejects.toThrow(
      /an ablation for another number/,
    );
  });

  it('refuses coefficients without a direction, or for other layers', async () => {
    const corrector = createCorrector({ model: echo() });
    const row = (...values: number[]) => ({
      ...input('B.'),
      coefficient: Float32Array.from(values),
    });
    await expect(corrector.correct([row(1, 1)])).rejects.toThrow(/no direction/);
    const steering = { direction: Float32Array.of(1, 1) };
    await expect(corrector.correct([row(1, 1, 1)], { steering })).rejects.toThrow(
      /expected 2, got 3/,
    );
  });

  it('draws from the row, and a request’s sampling replaces its own', async () => {
    const model = echo();
    const corrector = createCorrector({ model, sampling: { temperature: 1, seed: 1 } });
    await corrector.correct([input('B.'), input('C.')]);
    await corrector.correct([input('C.')]);
    await corrector.correct([input('C.')], { sampling: { temperature: 0.5, seed: 2 } });
    const [both, alone, other] = model.requests.map(({ sampling }) => sampling);
    expect(alone?.rowSeeds).toEqual([both?.rowSeeds?.[1]]);
    expect(other?.temperature).toBe(0.5);
    expect(other?.rowSeeds).not.toEqual(alone?.rowSeeds);
  });

  it('does not run for no rows', async () => {
    const model = echo();
    expect(await createCorrector({ model }).correct([])).toEqual([]);
    expect(model.requests).toHaveLength(0);
  });
});

describe('createAligner', () => {
  const answer = { question: 'Q?', answer: 'Wrong.' };
  const seen = async (options: Omit<Parameters<typeof createAligner>[0], 'model'>) => {
    const model = fakeModel(() => ' Right.\n');
    const texts = await createAligner({ model, ...options }).correct([answer]);
    return { texts, prompt: model.tokenizer.decode(model.requests[0]?.prompts[0] ?? []) };
  };

  it('corrects whole answers in the model’s own template', async () => {
    const { texts, prompt } = await seen({});
    expect(texts).toMatchObject([{ text: 'Right.', finish: 'stop' }]);
    expect(prompt).toBe('<##Question: Q?\n##Answer: Wrong.\n##Correction: >');
  });

  it('speaks to the authors’ models in their frame', async () => {
    const { prompt } = await seen({ format: 'aligner-v1', frame: 'conversation' });
    expect(prompt).toMatch(/^BEGINNING OF CONVERSATION: USER: Edit .*: Q\? \| Wrong\. ASSISTANT:$/);
  });
});
