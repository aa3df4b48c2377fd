/** What the proof is asked for. */
import { parseArgs } from 'node:util';

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

export function proofOptions(argv: readonly string[]): ProofOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      engine: { type: 'string', default: 'folder' },
      units: { type: 'string', default: '2000' },
      workers: { type: 'string', default: '4' },
      kill: { type: 'string', default: '4' },
      calm: { type: 'boolean', default: false },
      what: { type: 'string', default: 'disturbed' },
    },
  });
  const { engine, what } = values;
  if (engine !== 'folder' && engine !== 'bullmq' && engine !== 'slurm') throw new Error(`--engine ${engine}: folder, bullmq or slurm`); // prettier-ignore
  if (what !== 'disturbed' && what !== 'speed' && what !== 'cost') throw new Error(`--what ${what}: disturbed, speed or cost`); // prettier-ignore
  if (engine === 'slurm' && what !== 'disturbed') throw new Error(`--what ${what}: of Slurm there is --what disturbed; its units go the way of --engine folder`); // prettier-ignore
  const [units, workers, kill] = [values.units, values.workers, values.kill].map(Number);
  return { engine, what, units: units ?? 0, workers: workers ?? 0, kill: kill ?? 0, storms: !values.calm }; // prettier-ignore
}
