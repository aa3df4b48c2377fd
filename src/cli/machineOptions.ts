/** Options of commands whose units other machines may compute. */
import { choice, flag, integer, text, type OptionValues } from '../shape/options.js';

export const redisOption = {
  redis: text({
    value: 'url',
    help: 'Redis through which machines share units, e.g. redis://:password@host:6379; results lie in --store, or there',
  }),
} as const;

export const machineOptions = {
  on: choice(['local', 'folder', 'bullmq', 'slurm'], {
    help: 'who computes: this machine; or all `aligner-lab worker`s that share the folder of --store, or a --redis; or tasks of a Slurm array (docs/scale.md)',
    default: 'local',
  }),
  ...redisOption,
  tasks: integer({ value: 'n', help: 'of the Slurm array: that many workers', default: 16 }),
  sbatch: text({
    value: 'words',
    help: 'for sbatch, e.g. "--partition=gpu --gpus=1 --time=4:00:00"',
  }),
  leave: flag('compute no units here: wait for those that workers compute'),
} as const;

export type MachineFlags = OptionValues<typeof machineOptions> & {
  store?: string | undefined;
  threads?: number | undefined;
};
