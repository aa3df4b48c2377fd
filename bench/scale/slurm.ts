/** The same proof under Slurm: the workers are tasks of an array, killed in turn and submitted again. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Arrays } from '../../src/machines/slurm.js';
import { Cluster } from './cluster.js';
import { systemMilliseconds } from './counts.js';
import type { ProofOptions } from './options.js';

export interface Tasks extends AsyncDisposable {
  /** When each process was killed, by its id. */
  killed(): Map<number, number>;
}

/** The array is submitted anew where tasks were killed, at most so often; with these it has an end. */
const killsOfATask = 2;

/**
 * Has a Slurm run the workers, and kills one every few seconds.
 * @param worker its command line
 * @throws where Slurm does not come up here, or refuses the array.
 */
export async function beginTasks(
  { workers, kill }: ProofOptions,
  { work, log, worker }: { work: string; log: string; worker: readonly string[] },
): Promise<Tasks> {
  const cluster = await Cluster.open(join(work, 'slurm'), workers);
  const array = { job: 'proof', store: join(work, 'store'), folder: work, tasks: workers, worker };
  const onNote = (text: string): void => void process.stdout.write(`${text}\n`);
  const arrays = await Arrays.submit(array, { every: 2000, onNote });
  const kills = new Map<string, number>();
  const timer = setInterval(() => {
    // One that was killed just now may still be listed.
    const [first] = cluster.running().filter((id) => !kills.has(id));
    if (first === undefined || kills.size >= killsOfATask * workers) return;
    kills.set(first, systemMilliseconds());
    cluster.kill(first);
  }, 1000 * kill);
  return {
    killed: () => killedIn(log, kills),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await arrays[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
      await wait(100);
    },
  };
}

/** Processes say in the log which task they are. */
function killedIn(log: string, kills: ReadonlyMap<string, number>): Map<number, number> {
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  const entries = lines.map((line) => JSON.parse(line) as { pid: number; task?: string });
  return new Map(
    entries.flatMap(({ pid, task }) => {
      const at = task === undefined ? undefined : kills.get(task);
      return at === undefined ? [] : [[pid, at] as const];
    }),
  );
}
