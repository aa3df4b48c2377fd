/** What the proof is asked for. */
import { benchOptions } from '../options.js';

export interface ProofOptions {
  /** `slurm`: with `disturbed` only. */
  engine: 'folder' | 'bullmq' | 'slurm';
  units: number;
  workers: number;
  /** Seconds between two kills; 0: none. */
  kill: number;
  /** Whether Redis is killed and the network cut. */
  storms: boolean;
  /** `disturbed`: everything that can go wrong; `speed`: one worker, then two; `cost`: empty units. */
  what: 'disturbed' | 'speed' | 'cost';
}

export function proofOptions(): ProofOptions {
  const values = benchOptions(
    {
      command: 'bench:scale',
      about:
        'Runs units on several workers, kills them, lets Redis die and cuts the network, and compares the\nrecords with those of one process; or measures how fast two workers are beside one.',
    },
    {
      engine: { type: 'string', default: 'folder', about: 'folder, bullmq or slurm' },
      what: { type: 'string', default: 'disturbed', about: 'disturbed; speed: one worker, then two; cost: empty units' }, // prettier-ignore
      units: { type: 'string', default: '2000', about: 'of four sentences each' },
      workers: { type: 'string', default: '4', about: 'each on a host of its own' },
      kill: { type: 'string', default: '4', about: 'seconds between two kills; 0: none' },
      calm: { type: 'boolean', default: false, about: 'Redis lives and the network stays' },
    },
  );
  const { engine, what } = values;
  if (engine !== 'folder' && engine !== 'bullmq' && engine !== 'slurm') throw new Error(`--engine ${engine}: folder, bullmq or slurm`); // prettier-ignore
  if (what !== 'disturbed' && what !== 'speed' && what !== 'cost') throw new Error(`--what ${what}: disturbed, speed or cost`); // prettier-ignore
  if (engine === 'slurm' && what !== 'disturbed') throw new Error(`--what ${what}: of Slurm there is --what disturbed; its units go the way of --engine folder`); // prettier-ignore
  const [units, workers, kill] = [values.units, values.workers, values.kill].map(Number);
  return { engine, what, units: units ?? 0, workers: workers ?? 0, kill: kill ?? 0, storms: !values.calm }; // prettier-ignore
}
