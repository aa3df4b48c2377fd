/** Models of a reproduction, loaded for the length of one part. */
import type { LanguageModel } from '../../runtime/decoder.js';
import type { ModelFiles } from '../../runtime/modelFiles.js';
import { loadFileCopies } from '../../runtime/copies.js';
import { modelOf, type Setting } from '../setting.js';

/** Batches that run side by side: as many as there are copies of a small model on two cores. */
export const atOnce = 2;

/** So that there are as many batches as can run side by side. */
export function batchSize(problems: number): number {
  return Math.min(32, Math.max(1, Math.ceil(problems / atOnce)));
}

/** One copy per core where the model is small, see {@link loadFileCopies}. */
export async function loadKnown(name: string, setting: Setting): Promise<LanguageModel> {
  const { files } = modelOf(setting, name);
  return await loadFileCopies(files, setting.engine);
}

/** What proxy-tuning needs beside the model that it tunes. */
export interface Tuners {
  expert: string;
  antiExpert: string;
  alpha: number;
}

/** A model tuned by an expert and an anti-expert, in as many copies as {@link loadKnown} makes. */
export async function loadTuned(
  name: string,
  { expert, antiExpert, alpha }: Tuners,
  setting: Setting,
): Promise<LanguageModel> {
  const files = (model: string): ModelFiles => modelOf(setting, model).files;
  const proxy = { expert: files(expert), antiExpert: files(antiExpert), alpha };
  return await loadFileCopies(files(name), { ...setting.engine, proxy });
}

/** Models of one part; disposed together. */
export class LoadedModels implements AsyncDisposable {
  readonly #setting: Setting;
  readonly #loaded: LanguageModel[] = [];

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  /** As {@link loadKnown}. */
  async load(name: string): Promise<LanguageModel> {
    const model = await loadKnown(name, this.#setting);
    this.#loaded.push(model);
    return model;
  }

  /** As {@link loadTuned}. */
  async loadTuned(name: string, by: Tuners): Promise<LanguageModel> {
    const tuned = await loadTuned(name, by, this.#setting);
    this.#loaded.push(tuned);
    return tuned;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const model of this.#loaded.splice(0)) await model[Symbol.asyncDispose]();
  }
}
