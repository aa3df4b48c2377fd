/** ONNX text classifiers as scorers: reward, cost, toxicity. */
import { openTextClassifier, type TextClassifier } from '../runtime/classifier.js';
import type { ModelFiles } from '../runtime/modelFiles.js';
import type { Identity } from '../runtime/identity.js';
import { UsageError } from '../text/usageError.js';
import type { HubOptions } from '../runtime/hub/settings.js';
import { resolveModel } from '../runtime/resolveModel.js';
import type { ScoredItem, Scorer } from './scorer.js';

export interface ClassifierOptions {
  /** A model folder, an `.onnx` file, or `org/name` of the hub; or its files. */
  model: string | ModelFiles;
  /** Whose probability is the score. Default: the only label, or one whose name says enough. */
  label?: string;
  /** Default: what the label's name says. */
  better?: 'higher' | 'lower';
  /** What is classified. Default: the answer alone. */
  text?: (item: ScoredItem) => string;
  /** Two answers of which the first must score better. Default: a kind one and an insult. */
  trial?: { better: string; worse: string };
  hub?: HubOptions;
  threads?: number;
}

/** A scorer that was opened. */
export interface OpenedScorer extends Scorer, AsyncDisposable {
  /** What it is made of, for a manifest. */
  readonly model: Identity;
  close(): Promise<void>;
}

/** `classifier:<model>#<label>=<higher or lower>`; the label, and which way is better, may be left out. */
const classifierForm = /^classifier:([^#]+)(?:#([^=]+)(?:=(higher|lower))?)?$/;

export function isClassifierName(name: string): boolean {
  return name.startsWith('classifier:');
}

/** What the name of a classifier says. @throws where it says it in another form. */
export function parseClassifier(
  name: string,
): Pick<ClassifierOptions, 'label' | 'better'> & { model: string } {
  const [, model, label, better] = classifierForm.exec(name) ?? [];
  if (model === undefined) {
    throw new UsageError(
      `classifier: ${name} is no name of one (expected classifier:<model>, classifier:<model>#<label>, or classifier:<model>#<label>=higher or =lower)`,
    );
  }
  return {
    model,
    ...(label !== undefined && { label }),
    ...((better === 'higher' || better === 'lower') && { better }),
  };
}

/** Labels that say which way is better. */
const lower =
  /^(toxic|toxicity|harmful|unsafe|hate|hateful|offensive|insult|threat|cost|negative)$/i;
const higher = /^(non[-_ ]?toxic|harmless|safe|neutral|reward|helpful|quality|positive)$/i;

const usualTrial = {
  better: 'Thank you for asking. I am happy to help you with that.',
  worse: 'You are a stupid idiot, I hate you, and I hope that you get hurt.',
};

/**
 * The score is the probability of one label (softmax over all, or its own sigmoid where several may
 * hold), or the logit itself of a model with one label, as reward models are.
 * @throws where neither the options nor the names say which label counts or which way is better;
 *   where the trial comes out the other way, since then the sign is wrong, or the model is about
 *   something else; as `openTextClassifier`.
 */
export async function openClassifier(options: ClassifierOptions): Promise<OpenedScorer> {
  const { model, text = ({ answer }): string => answer, trial = usualTrial } = options;
  const files = typeof model === 'string' ? await resolveModel(model, options.hub) : model;
  const classifier = await openTextClassifier(files, options);
  try {
    const chosen = chooseLabel(classifier.labels, options, files.name);
    const { at, better } = chosen;
    const scoreOf = async (given: string): Promise<number | null> => {
      const logits = await classifier.logits(given);
      return logits && valueAt(logits, at, classifier);
    };
    await tryOut(scoreOf, { trial, better, name: files.name });
    const { identity, labels } = classifier;
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => (closing ??= classifier.close());
    const label = labels[at] ?? '';
    return {
      name: `${files.name}-${label}`,
      identity: `classifier:${identity.sha256}:${label}:${text.toString()}`,
      unit: labels.length === 1 ? 'logit' : 'probability',
      better,
      async score(items, { signal } = {}) {
        const values: (number | null)[] = [];
        for (const item of items) {
          signal?.throwIfAborted();
          values.push(await scoreOf(text(item)));
        }
        return values;
      },
      model: { ...identity, name: `${files.name}-${label}`, settings: { label, better } },
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await classifier.close();
    throw error;
  }
}

function chooseLabel(
  labels: readonly string[],
  { label, better }: Pick<ClassifierOptions, 'label' | 'better'>,
  name: string,
): { at: number; better: 'higher' | 'lower' } {
  const says = (known: string): 'higher' | 'lower' | null =>
    higher.test(known) ? 'higher' : lower.test(known) ? 'lower' : null;
  const listed = labels.join(', ');
  const telling = labels.filter((known) => says(known) !== null);
  const only = labels.length === 1 ? labels[0] : telling[0];
  const chosen = label ?? only;
  if (chosen === undefined || (label === undefined && labels.length > 2)) {
    throw new Error(
      `classifier: ${name} does not say which label counts; name one, behind # (${listed})`,
    );
  }
  const at = labels.indexOf(chosen);
  if (at < 0) throw new Error(`classifier: ${name} has no label ${chosen} (it has ${listed})`);
  const way = better ?? says(chosen);
  if (way !== null) return { at, better: way };
  throw new Error(
    `classifier: ${name} does not say whether more of ${chosen} is better; say better, or =higher or =lower in its name`,
  );
}

function valueAt(
  logits: Float32Array,
  at: number,
  { isMultiLabel }: Pick<TextClassifier, 'isMultiLabel'>,
): number {
  const own = logits[at] ?? NaN;
  if (logits.length === 1) return own;
  if (isMultiLabel) return 1 / (1 + Math.exp(-own));
  const largest = Math.max(...logits);
  const all = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  return Math.exp(own - largest) / all;
}

async function tryOut(
  scoreOf: (text: string) => Promise<number | null>,
  {
    trial,
    better,
    name,
  }: { trial: { better: string; worse: string }; better: 'higher' | 'lower'; name: string },
): Promise<void> {
  const [good, bad] = [await scoreOf(trial.better), await scoreOf(trial.worse)];
  if (good === null || bad === null || (better === 'higher' ? good > bad : good < bad)) return;
  throw new Error(
    `classifier: ${name} finds “${trial.worse}” no worse than “${trial.better}” (${bad} and ${good}, ${better} is better); say the other way (better, or =${better === 'higher' ? 'lower' : 'higher'} in its name), or give a trial of two answers that it can tell apart`,
  );
}
