/**
 * The sentences of a solution: the forms that the upstream's corpus uses, the ones the annotator
 * writes, and the faulty ones. Forms are data, so that writing and recognising cannot disagree.
 *
 * Placeholders: `{S}` whose things are counted, `{i}` the things, `{e}` an equation, `{r}` its
 * result.
 */
import type { Random } from '../math/random.js';
import type { Operator, Step } from './types.js';

/** Good sentences for a step; the upstream writes them, and the corrector copies them. */
const stepForms: readonly string[] = [
  'Then there are {e} {i}.',
  'Now {S} has {e} {i}.',
  'This makes {e} {i}.',
  'That gives {e} {i}.',
];

/** The same for what is still missing to a target. */
const targetForms: readonly string[] = [
  'Then {e} {i} are missing.',
  'Now {S} needs {e} {i}.',
  'That leaves {e} {i} to get.',
];

/**
 * The annotator's form for a neutral sentence: same content, mended form. It begins as the rewritten
 * forms do and as no good sentence does, so that to correct or not is one decision, made at the
 * first word.
 */
const improvedForm = 'We get: {e} {i}.';
const improvedTargetForm = 'We still need: {e} {i}.';

/** The annotator's own wording for a sentence that is rewritten from its first word on. */
const rewrittenForms: Record<Operator, string> = {
  '+': 'We add: {e} {i}.',
  '-': 'We subtract: {e} {i}.',
  x: 'We multiply: {e} {i}.',
  '/': 'We divide: {e} {i}.',
};

export const answerForm = 'The answer is {r}.';
export const improvedAnswerForm = 'We get: the answer is {r}.';
export const rewrittenAnswerForm = 'We conclude: the answer is {r}.';

/** What makes a sentence hedged; `{s}` is a good sentence that begins in lower case, no full stop. */
export const hedges: readonly string[] = [
  'I think {s}.',
  'Maybe {s}.',
  'It seems that {s}, but I am not sure.',
  'Perhaps {s}, or so I think.',
];

/** What makes a sentence wordy. */
export const padding: readonly string[] = [
  'Well, if we look at it closely, {s}.',
  'As we can see from what was said before, {s}.',
  'And so, to say it in other words, {s}, as we can see.',
];

/** A step without its equation. */
export const bareForms: readonly string[] = [
  'Then there are {r} {i}.',
  'Now {S} has {r} {i}.',
  'This makes {r} {i}.',
];
export const bareTargetForms: readonly string[] = [
  'Then {r} {i} are missing.',
  'Now {S} needs {r} {i}.',
];

/** Off the point, whatever the problem. */
export const asides: readonly string[] = [
  'It is nice to have {i}.',
  'Many people like {i}.',
  'There are many nice {i} in the world.',
  'Not all {i} are the same.',
  'This was a long day for {S}.',
];

export function equation(step: Pick<Step, 'left' | 'operator' | 'right' | 'result'>): string {
  return `${step.left} ${step.operator} ${step.right} = ${step.result}`;
}

/** Fills a form with what a step says. */
export function fillForm(form: string, step: Step): string {
  const values: Record<string, string | number> = {
    S: step.subject,
    i: step.item,
    e: equation(step),
    r: step.result,
  };
  return form.replace(/\{([Sier])\}/g, (_, key: string) => String(values[key]));
}

export function goodForms(step: Step): readonly string[] {
  return step.family === 'target' ? targetForms : stepForms;
}

export function improve(step: Step): string {
  return fillForm(step.family === 'target' ? improvedTargetForm : improvedForm, step);
}

export function rewrite(step: Step): string {
  return fillForm(rewrittenForms[step.operator], step);
}

/** Wraps a good sentence in a hedge or in padding. */
export function wrap(wrapper: string, sentence: string): string {
  const inner = sentence
    .replace(/\.$/, '')
    .replace(/^(Then|Now|This|That|The)\b/, (w) => w.toLowerCase());
  return wrapper.replace('{s}', inner);
}

/** One of the corpus's good sentences for a step. */
export function writeStep(step: Step, random: Random): string {
  return fillForm(random.pick(goodForms(step)), step);
}
