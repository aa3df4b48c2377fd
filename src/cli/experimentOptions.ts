/** Options of every experiment's command, beside its own. */
import type { OptionValues } from '../shape/options.js';
import { common, dry, engine, folder, seed, store } from './common.js';
import { servers } from './servers.js';
import { machineOptions } from './machineOptions.js';
import { figureOptions } from './figureOptions.js';

export const ofEvery = {
  ...seed,
  ...figureOptions,
  ...folder,
  ...store,
  ...machineOptions,
  ...engine,
  ...servers,
  ...dry,
  ...common,
};
export type OfEvery = OptionValues<typeof ofEvery>;
