/**
 * Workers as the tasks of Slurm arrays. Slurm does not queue a killed task again, so that is done here:
 * where fewer tasks are left than were asked for, the difference is submitted anew.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { writeAtomic } from '../disk/atomic.js';
import { makeFolder } from '../disk/makeFolder.js';
import { reasonOf } from '../text/errorSentence.js';

/** Slurm's own default (MaxArraySize). */
export const mostTasks = 1001;
/** Times that the tasks are submitted, all together. */
const mostRounds = 4;
const lookMilliseconds = 15_000;

export interface ArrayOptions {
  job: string;
  /** Folder that all machines share. */
  store: string;
  /** Where the tasks run: names of models and data are relative to it. */
  folder: string;
  tasks: number;
  /** Further words for sbatch, e.g. `--partition=gpu --gpus=1 --time=4:00:00`. */
  sbatch?: string;
  /** Begins a worker: its command line, word by word. */
  worker: readonly string[];
}

/** Runs a program and gives what it says. @throws where it fails. */
export type Run = (program: string, words: readonly string[]) => Promise<string>;

/** The script of an array. @throws on more tasks than Slurm takes. */
export function arrayScript({ job, store, folder, tasks, sbatch, worker }: ArrayOptions): string {
  if (!Number.isInteger(tasks) || tasks < 1 || tasks > mostTasks) {
    throw new Error(`slurm: ${tasks} tasks (expected 1 to ${mostTasks}, which is most for one array); each task computes many units`); // prettier-ignore
  }
  const words = [...worker, '--store', store, '--job', job, '--until-idle'];
  const more = sbatch === undefined ? [] : [`#SBATCH ${sbatch}`];
  return [
    '#!/bin/sh',
    `#SBATCH --job-name=${job}`,
    `#SBATCH --array=0-${tasks - 1}`,
    `#SBATCH --output=${join(store, 'slurm', `${job}-%A_%a.log`)}`,
    // A minute to give units back before the end.
    '#SBATCH --signal=TERM@60',
    ...more,
    `cd ${quoted(folder)} || exit 1`,
    `exec ${words.map(quoted).join(' ')}`,
    '',
  ].join('\n');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

export interface ArrayHow {
  run?: Run;
  /** Milliseconds between two looks. */
  every?: number;
  /** Told what a person should know. */
  onNote: (text: string) => void;
}

/** Arrays of one job, submitted until it is over. */
export class Arrays implements AsyncDisposable {
  readonly #options: ArrayOptions;
  readonly #run: Run;
  readonly #onNote: ArrayHow['onNote'];
  readonly #script: string;
  readonly #ids: string[] = [];
  #rounds = 0;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #failure: Error | null = null;

  private constructor(options: ArrayOptions, { run = runProgram, onNote }: ArrayHow) {
    this.#options = options;
    this.#run = run;
    this.#onNote = onNote;
    this.#script = join(options.store, 'slurm', `${options.job}.sh`);
  }

  /**
   * Writes the script and submits it; where there is no sbatch here, it says so and waits for whoever
   * does it.
   * @throws where the script cannot be written, and where sbatch refuses it.
   */
  static async submit(options: ArrayOptions, how: ArrayHow): Promise<Arrays> {
    const arrays = new Arrays(options, how);
    await makeFolder(join(options.store, 'slurm'));
    await writeAtomic(arrays.#script, arrayScript(options), 'slurm');
    if (!(await arrays.#submit(options.tasks))) return arrays;
    const look = (): void => void (arrays.#looking = arrays.#look());
    arrays.#timer = setInterval(look, how.every ?? lookMilliseconds);
    arrays.#timer.unref();
    return arrays;
  }

  /** @throws where the tasks end without doing what they are for. */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  async #submit(tasks: number): Promise<boolean> {
    const range = `--array=0-${tasks - 1}`;
    try {
      const said = await this.#run('sbatch', ['--parsable', range, this.#script]);
      // `id`, or `id;cluster`.
      const [id = ''] = said.trim().split(';');
      this.#ids.push(id);
      this.#rounds += tasks / this.#options.tasks;
      this.#onNote(`slurm: array ${id}, ${tasks} tasks of ${this.#script}`);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw new Error(`slurm: sbatch refuses ${this.#script}: ${reasonOf(error)}`, { cause: error }); // prettier-ignore
      }
      this.#onNote(`slurm: there is no sbatch here; submit ${this.#script} where there is one`);
      return false;
    }
  }

  async #look(): Promise<void> {
    const left = await this.#tasksLeft();
    if (left === null || this.#timer === null || this.#failure) return;
    const missing = this.#options.tasks - left;
    if (missing <= 0) return;
    if (this.#rounds >= mostRounds) {
      if (left > 0) return;
      this.#failure = new Error(
        `slurm: all tasks have ended, ${this.#ids.length} arrays of them, and units are left; see ${join(this.#options.store, 'slurm')} for what they said`,
      );
      return;
    }
    await this.#submit(missing).catch((error: unknown) => this.#onNote(reasonOf(error)));
  }

  /** That run or wait; null where Slurm does not say. */
  async #tasksLeft(): Promise<number | null> {
    try {
      const said = await this.#run('squeue', ['-h', '-r', '-o', '%i', '-j', this.#ids.join(',')]);
      return said.split('\n').filter((line) => line.trim() !== '').length;
    } catch (error) {
      // So it calls arrays that have ended some time ago.
      return /invalid job id/i.test(reasonOf(error)) ? 0 : null;
    }
  }

  /** Takes back what still waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    await this.#looking;
    await this.#run('scancel', ['--state=PENDING', ...this.#ids]).catch(() => undefined);
  }
}

function runProgram(program: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, words, { encoding: 'utf8' }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said = stderr.trim() === '' ? error.message : stderr.trim();
      reject(Object.assign(new Error(said), { code: error.code }));
    });
  });
}
