/** The part of a command's own machine where others help with its units. */
import { randomBytes } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';
import { makeFolder } from '../disk/makeFolder.js';
import { Jobs, Part, type Job } from '../machines/jobs.js';
import type { Joined, Place } from '../machines/place.js';
import { isS3 } from '../machines/s3Store.js';
import { Arrays } from '../machines/slurm.js';
import { Cancelled } from '../record/claims.js';
import type { RunConfiguration } from '../record/manifest.js';
import type { Store } from '../record/store.js';
import { errorSentence } from '../text/errorSentence.js';
import { UsageError } from '../text/usageError.js';
import type { Context } from './command.js';
import { numericsOf, ownStore } from './lab.js';
import { machineOptions, type MachineFlags } from './machineOptions.js';
import { openPlace } from './place.js';

/** What a job says of a command, beside who asks. */
export type Asked = Pick<Job, 'id' | 'command' | 'options'> &
  Pick<RunConfiguration, 'inputs' | 'device' | 'versions'>;

export interface Machines extends AsyncDisposable {
  store: Store | undefined;
  /** Does the work; where others are to help, they are asked to, and told how it ended. */
  during<T>(asked: Asked, work: () => Promise<T>): Promise<T>;
}

const nothing = (): Promise<void> => Promise.resolve();

/** Options of the first machine alone. */
const ownOptions: readonly string[] = [
  ...['out', 'json', 'debug', 'dryRun', 'store', 'format', 'size', 'ground', 'paid'],
  ...['states', 'statePositions', 'shownLayers', 'keepLabelling'],
  ...Object.keys(machineOptions),
];

/** @throws UsageError where the options do not fit together; where the store cannot be used. */
export async function openMachines(given: MachineFlags, context: Context): Promise<Machines> {
  const { on, leave, store, redis } = given;
  if (on === 'local') {
    if (leave) throw new UsageError('--leave: nobody else computes; give --on too');
    const own = ownStore(given, context);
    return { store: own, during: (_, work) => work(), [Symbol.asyncDispose]: nothing };
  }
  const wants = on === 'bullmq' ? 'redis' : 'store';
  if (given[wants] === undefined) throw new UsageError(`--on ${on}: where? Give --${wants} too`);
  const place = await openPlace({ store, redis: on === 'bullmq' ? redis : undefined }, context);
  // Workers wait for the folder: an empty path is a drive that is not mounted yet.
  if (store !== undefined && !isS3(store)) await makeFolder(context.path(store));
  return await FirstMachine.open(place, given, context);
}

/** What makes it stop, once the job is published. */
interface Hearing {
  current: Part | null;
  arrays: Arrays | null;
}

/** The machine whose run it is. */
class FirstMachine implements Machines {
  readonly store: Store;
  readonly #jobs: Jobs;
  readonly #joined: Joined;
  readonly #run: string;
  readonly #context: Context;
  readonly #place: Place;
  readonly #part: Hearing;
  readonly #given: MachineFlags;

  private constructor(
    opened: { place: Place; joined: Joined; run: string; part: Hearing; given: MachineFlags },
    context: Context,
  ) {
    this.#place = opened.place;
    this.#jobs = new Jobs(opened.place.notes);
    this.#joined = opened.joined;
    this.store = opened.joined.store;
    this.#run = opened.run;
    this.#part = opened.part;
    this.#given = opened.given;
    this.#context = context;
  }

  static async open(place: Place, given: MachineFlags, context: Context): Promise<FirstMachine> {
    const run = randomBytes(8).toString('hex');
    // Until the job is published there is nobody to tell, and nothing to hear.
    const part: Hearing = { current: null, arrays: null };
    // Slurm's login nodes are not for computing.
    const computes = !given.leave && given.on !== 'slurm';
    const joined = await place.join({
      ...{ run, about: numericsOf(given), computes },
      told: {
        async check() {
          part.arrays?.check();
          await part.current?.check();
        },
        tell: (stand) => part.current?.tell(stand),
      },
    });
    return new FirstMachine({ place, joined, run, part, given }, context);
  }

  async during<T>(asked: Asked, work: () => Promise<T>): Promise<T> {
    const { id } = asked;
    const part = await this.#publish(asked);
    this.#part.current = part;
    try {
      await this.#submit(id);
      const made = await work();
      await this.#jobs.end(id, 'done');
      return made;
    } catch (error) {
      // Workers go on where only this process was ended; the same command takes what they make.
      if (this.#context.signal.aborted) await part.report('left');
      else if (!(error instanceof Cancelled)) {
        // On a disk that is full this fails, too; what came first is what is told.
        await this.#jobs.end(id, 'failed', errorSentence(error)).catch(() => undefined);
      }
      throw error;
    } finally {
      if (!this.#context.signal.aborted) await part.report('left').catch(() => undefined);
      if (!this.#context.signal.aborted) await this.#part.arrays?.[Symbol.asyncDispose]();
    }
  }

  /** Has tasks help, where Slurm is to run them. */
  async #submit(job: string): Promise<void> {
    const { on, store = '', tasks, sbatch } = this.#given;
    if (on !== 'slurm') return;
    const { io, path } = this.#context;
    const worker = [process.execPath, process.argv[1] ?? 'aligner-lab', 'worker'];
    const options = { job, store: path(store), folder: io.cwd, tasks, sbatch, worker };
    const onNote = (text: string): void => this.#context.warn(text);
    this.#part.arrays = await Arrays.submit(options, { onNote });
  }

  async #publish({ id, command, options, inputs, device, versions }: Asked): Promise<Part> {
    const { holder } = this.#joined;
    const { now = (): Date => new Date() } = this.#context.io;
    const started = now().toISOString();
    const shared = Object.entries(options).filter(([key]) => !ownOptions.includes(key));
    await this.#jobs.publish({
      ...{ id, run: this.#run, command, options: Object.fromEntries(shared), device, versions },
      cores: availableParallelism(),
      inputs: Object.fromEntries(inputs.map(({ name, sha256 }) => [name, sha256])),
      ...{ host: hostname(), pid: process.pid, started },
    });
    this.#context.warn(
      `job ${id}: \`aligner-lab worker\` on other machines helps, \`aligner-lab status\` tells`,
    );
    return new Part(this.#jobs, id, holder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#joined[Symbol.asyncDispose]();
    await this.#place[Symbol.asyncDispose]();
  }
}
