/** What an experiment works with beside its options: models, paths, and who hears of its progress. */
import type { ProxyOptions } from '../../runtime/load.js';
import type { LanguageModel } from '../../runtime/decoder.js';
import type { ModelFiles } from '../../runtime/modelFiles.js';
import type { Stages } from './stages.js';

export interface LoadHow {
  /** One copy per core where the model is small: for many independent batches. Default false. */
  copies?: boolean;
  proxy?: ProxyOptions;
}

export interface Lab {
  /** From a model's name to its files; downloads what is not here yet. */
  find: (name: string) => Promise<ModelFiles>;
  /** Loads a model on the device that was asked for. */
  load: (name: string, how?: LoadHow) => Promise<LanguageModel>;
  /** An absolute path, from one that is relative to the working directory. */
  path: (given: string) => string;
  stages: Stages;
  /** A warning, without its word. */
  warn: (text: string) => void;
  /** Where findings are read. */
  terminal: { width: number; colour: 'none' | '256' | 'truecolor' };
  signal: AbortSignal;
}

/** Several models by what they are to an experiment; disposed together. */
export interface Models<N> extends AsyncDisposable {
  readonly by: { readonly [K in keyof N]: LanguageModel };
}

/** Loads models one after the other; those loaded are disposed where a later one fails. */
export async function loadModels<N extends Readonly<Record<string, string | undefined>>>(
  names: N,
  lab: Pick<Lab, 'load'>,
  how: LoadHow = {},
): Promise<Models<N>> {
  const loaded: [string, LanguageModel][] = [];
  const dispose = async (): Promise<void> => {
    for (const [, model] of loaded) await model[Symbol.asyncDispose]();
  };
  try {
    for (const [key, name] of Object.entries(names)) {
      if (name !== undefined) loaded.push([key, await lab.load(name, how)]);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  // An optional name gives an optional model: the keys are those of the names.
  const by = Object.fromEntries(loaded) as Models<N>['by'];
  return { by, [Symbol.asyncDispose]: dispose };
}
