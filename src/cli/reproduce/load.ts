/** Models of a reproduction, loaded for the length of one part. */
import type { LanguageModel } from '../../runtime/decoder.js';
import { loadFileCopies } from '../models.js';
import { modelOf, type Setting } from './setting.js';

/** One copy per core where the model is small, see {@link loadFileCopies}. */
export async function loadKnown(name: string, setting: Setting): Promise<LanguageModel> {
  const { files } = modelOf(setting, name);
  return await loadFileCopies(files, setting.engine, setting.context);
}
