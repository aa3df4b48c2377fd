/** Classifiers in ONNX as scorers, on a model that is made here. */
import { afterAll, describe, expect, it } from 'vitest';
import { openClassifier, parseClassifier } from '../../src/judge/classifier.js';
import { openJudge, openScorer } from '../../src/judge/open.js';
import { writeTinyModel } from '../cli/harness.js';
import { temporaryFolder } from '../runtime/models.js';
import { logitsOf, writeClassifier } from './classifierFixture.js';

const temporary = temporaryFolder();
afterAll(() => temporary.remove());

const item = (answer: string) => ({ question: { id: 'q', question: 'Why?' }, answer });

describe('a classifier', () => {
  const { folder, head } = writeClassifier(temporary.path, 'toxic', 2, {
    ...{ id2label: { 0: 'neutral', 1: 'toxic' }, max_position_embeddings: 200 },
  });
  const chance = (text: string) => {
    const [a = 0, b = 0] = logitsOf(folder, head, text);
    return 1 / (1 + Math.exp(a - b));
  };
  const [low = '', high = ''] = ['Hello.', 'zzz!'].sort((a, b) => chance(a) - chance(b));

  it('gives the probability of its label, and none of a text that is too long', async () => {
    const trial = { better: low, worse: high };
    const scorer = await openClassifier({ model: folder, label: 'toxic', trial });
    expect(scorer).toMatchObject({ name: 'toxic-toxic', unit: 'probability', better: 'lower' });
    const [a, b, long] = await scorer.score([item(low), item(high), item('x'.repeat(300))]);
    expect(a).toBeCloseTo(chance(low), 5);
    expect(b).toBeCloseTo(chance(high), 5);
    expect(long).toBeNull();
    await scorer.close?.();
  });

  it('is refused where the trial comes out the other way', async () => {
    const trial = { better: high, worse: low };
    const opening = openClassifier({ model: folder, label: 'toxic', trial });
    await expect(opening).rejects.toThrow(/toxic finds “.*” no worse than .*lower is better/);
    const turned = await openClassifier({ model: folder, label: 'toxic', trial, better: 'higher' });
    expect(turned.better).toBe('higher');
    await turned.close?.();
  });

  it('with one label gives the logit, whose sign must be said', async () => {
    const reward = writeClassifier(temporary.path, 'reward', 1, { id2label: { 0: 'LABEL_0' } });
    const value = (text: string) => logitsOf(reward.folder, reward.head, text)[0] ?? NaN;
    const [worse = '', better = ''] = ['Hello.', 'zzz!'].sort((a, b) => value(a) - value(b));
    const asked = { model: reward.folder, trial: { better, worse } };
    await expect(openClassifier(asked)).rejects.toThrow('does not say whether more of LABEL_0');
    const scorer = await openClassifier({ ...asked, better: 'higher' });
    const [found] = await scorer.score([item('Hello.')]);
    expect(found).toBeCloseTo(value('Hello.'), 4);
    expect(scorer.unit).toBe('logit');
    await scorer.close?.();
  });

  it('is refused where nobody says which label counts, and where labels do not fit', async () => {
    const three = writeClassifier(temporary.path, 'three', 3, {
      id2label: { 0: 'a', 1: 'b', 2: 'c' },
    });
    await expect(openClassifier({ model: three.folder })).rejects.toThrow(
      'name one, behind # (a, b, c)',
    );
    await expect(openClassifier({ model: folder, label: 'rude' })).rejects.toThrow('no label rude (it has neutral, toxic)'); // prettier-ignore
    const wrong = writeClassifier(temporary.path, 'wrong', 2, { id2label: { 0: 'safe' } });
    await expect(openClassifier({ model: wrong.folder })).rejects.toThrow(
      'names 1 labels (expected 2',
    );
    const decoder = writeTinyModel(temporary.path, 'decoder');
    await expect(openClassifier({ model: decoder })).rejects.toThrow(
      'is no text classifier (it needs an input ',
    );
  });
});

describe('the name of a classifier', () => {
  it.each([
    ['classifier:org/name', { model: 'org/name' }],
    ['classifier:org/name:fp16#toxic', { model: 'org/name:fp16', label: 'toxic' }],
    ['classifier:./a b#LABEL_0=higher', { model: './a b', label: 'LABEL_0', better: 'higher' }],
    ['classifier:x#more harm=lower', { model: 'x', label: 'more harm', better: 'lower' }],
  ])('%s says what counts', (name, said) => {
    expect(parseClassifier(name)).toEqual(said);
  });

  it.each(['classifier:', 'classifier:x#', 'classifier:x#a=more', 'classifier:#a'])(
    '%s is refused',
    (name) => {
      expect(() => parseClassifier(name)).toThrow('is no name of one');
    },
  );

  it('opens a scorer, and a judge whose better score wins', async () => {
    const { folder, head } = writeClassifier(temporary.path, 'named', 2, {
      id2label: { 0: 'calm', 1: 'angry' },
    });
    const kind = 'Thank you for asking. I am happy to help you with that.';
    const insult = 'You are a stupid idiot, I hate you, and I hope that you get hurt.';
    const angry = (text: string) => {
      const [calm = 0, angry = 0] = logitsOf(folder, head, text);
      return angry - calm;
    };
    // Its weights are random: the sign that stands the trial is the right one.
    const [better, wrong] = angry(kind) > angry(insult) ? ['higher', 'lower'] : ['lower', 'higher'];
    const name = `classifier:${folder}#angry`;
    await expect(openScorer(name)).rejects.toThrow('does not say whether more of angry is better');
    await expect(openScorer(`${name}=${wrong}`)).rejects.toThrow(`say the other way (better, or =${better} in its name)`); // prettier-ignore
    await using scorer = await openScorer(`${name}=${better}`);
    expect(scorer).toMatchObject({ name: 'named-angry', better, model: { settings: { label: 'angry', better } } }); // prettier-ignore
    await using judge = await openJudge(`${name}=${better}`);
    const question = { id: 'q', question: 'Why?' };
    const pairs = [
      { question, first: kind, second: insult },
      { question, first: insult, second: kind },
    ];
    expect(await judge.compare(pairs)).toEqual(['first', 'second']);
    await expect(openScorer('exact')).rejects.toThrow('scorer: exact is no scorer');
  });
});
