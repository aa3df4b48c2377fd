/** Options of commands whose units other machines may compute. */
import { choice, flag, type OptionValues } from '../shape/options.js';

export const machineOptions = {
  on: choice(['local', 'folder'], {
    help: 'who computes: this machine; or all that share the folder of --store (`aligner-lab worker`)',
    default: 'local',
  }),
  leave: flag('compute no units here: wait for those that workers compute'),
} as const;

export type MachineFlags = OptionValues<typeof machineOptions> & {
  store?: string | undefined;
  threads?: number | undefined;
};
