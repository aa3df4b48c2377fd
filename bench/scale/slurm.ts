/** The same proof under Slurm: the workers are tasks of an array, killed in turn and submitted again. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Arrays } from '../../src/machines/slurm.js';
import { Cluster } from './cluster.js';
import { atWork, systemMilliseconds, tasksIn } from './counts.js';
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
    const [tasks, busy] = [tasksIn(log), atWork(log)];
    // One that was killed just now may still be listed.
    const able = cluster.running().filter((id) => busy.has(tasks.get(id) ?? 0) && !kills.has(id));
    const [first] = able;
    if (first === undefined || kills.size >= killsOfATask * workers) return;
    kills.set(first, systemMilliseconds());
    cluster.kill(first);
  }, 1000 * kill);
  return {
    killed: () => new Map(Array.from(kills, ([task, at]) => [tasksIn(log).get(task) ?? 0, at])),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await arrays[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
      await wait(100);
    },
  };
}
