/** `aligner-lab worker`: this machine helps with what others run. */
import { setTimeout as wait } from 'node:timers/promises';
import { Away, isPassing, untilThere, type Patience } from '../../machines/away.js';
import { Jobs, type Job } from '../../machines/jobs.js';
import { flag, text } from '../../shape/options.js';
import { UsageError } from '../../text/usageError.js';
import { defineCommand } from '../command.js';
import { common } from '../common.js';
import { helpWith, type Helper } from '../helping.js';
import { KeptModels } from '../keptModels.js';
import {
  awaitPlace,
  jobOption,
  keptPlace,
  patienceOf,
  placeOptions,
  waitOption,
} from '../place.js';
import { errorSentence } from '../../text/errorSentence.js';
import { shownName } from '../../text/given.js';

/** Between two looks for a job. */
const lookMilliseconds = 1000;

export const worker = defineCommand({
  description: `Helps with the units of experiments that run with --on on other machines (or in other processes here).
It opens each job's experiment itself, with the same options, and computes units that nobody else
computes; results go to the store. It declines a job, and says why, where it has other versions of the
lab, other models or other data: what it made would have other names.

Models and data are found under the names that the job has: embedded ones, org/name on the hub, and
paths as they are, from this working directory; else by their last part in the folder of --files. Small
models run in a copy per core, larger ones on as many threads as the first machine has cores.

It may be begun before Redis is up or the folder is mounted, and waits for them (--wait).

Ctrl-C ends it between two units and gives back what it holds. One that is killed is found dead by the
others, and its unit computed again; after three deaths or failures a unit is given up.`,
  options: {
    ...placeOptions,
    ...jobOption,
    files: text({ value: 'folder', help: 'where models and data of jobs lie on this machine' }),
    ...waitOption,
    untilIdle: flag('end when there is no job left to help with'),
    ...common,
  },
  examples: [
    ['aligner-lab worker --store /shared/units', 'helps with every job of the store'],
    ['aligner-lab worker --store /shared/units --job sweep-1a2b3c4d --until-idle', 'with one'],
  ],
  async run({ options: given, context }) {
    await using place = await awaitPlace(given, context);
    context.keptIn(keptPlace(given, context));
    await using models = new KeptModels();
    const jobs = new Jobs(place.notes);
    const patience = patienceOf(given, context);
    await work({ ...{ place, jobs, models, context }, files: given.files }, { ...given, patience });
    context.result({ command: 'worker' });
  },
});

interface Work {
  job?: string | undefined;
  untilIdle: boolean;
  patience: Patience;
}

async function work(helper: Helper, { job: wanted, untilIdle, patience }: Work): Promise<void> {
  const { jobs, context } = helper;
  const seen = new Set<string>();
  for (;;) {
    context.signal.throwIfAborted();
    const onDamaged = (id: string, error: unknown): void => {
      if (!seen.has(id)) context.warn(`job ${shownName(id)}: ${errorSentence(error)}`);
      seen.add(id);
    };
    const job = await untilThere(() => nextJob(jobs, { wanted, seen, onDamaged }), patience);
    if (job) {
      // The same command, given again, is another run.
      seen.add(`${job.id} ${job.run}`);
      context.show(`job ${job.id} of ${job.host}: helping`);
      const said = await helpWith(job, helper);
      context.show(`job ${job.id}: ${said ?? 'nothing is left to do'}`);
    } else if (untilIdle) {
      return;
    } else {
      await wait(lookMilliseconds, undefined, { signal: context.signal });
    }
  }
}

interface Looking {
  wanted: string | undefined;
  seen: ReadonlySet<string>;
  /** Told of a job that cannot be read; the others are looked at. */
  onDamaged: (id: string, error: unknown) => void;
}

/** One that is open, and not seen yet. @throws where the one that is wanted does not exist. */
async function nextJob(jobs: Jobs, { wanted, seen, onDamaged }: Looking): Promise<Job | null> {
  const ids = await jobs.list();
  if (wanted !== undefined && !ids.includes(wanted)) {
    const text = `worker: there is no job ${shownName(wanted)} (there ${ids.length === 1 ? 'is' : 'are'} ${ids.join(', ') || 'none'})`; // prettier-ignore
    // A network drive that is not mounted yet is an empty folder.
    const cause = ids.length === 0 ? new Away(text) : undefined;
    throw new UsageError(text, { cause });
  }
  for (const id of wanted === undefined ? ids : [wanted]) {
    try {
      const job = await jobs.find(id);
      if (!job || seen.has(`${id} ${job.run}`)) continue;
      if ((await jobs.stateOf(id)).state === 'open') return job;
    } catch (error) {
      if (wanted !== undefined || isPassing(error)) throw error;
      onDamaged(id, error);
    }
  }
  return null;
}
