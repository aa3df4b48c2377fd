/** A machine that helps with another one's run: it opens the same experiment, and computes units. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeScratch } from '../disk/scratch.js';
import { experiments } from '../experiment/registry.js';
import { Part, type Job, type Jobs } from '../machines/jobs.js';
import type { Place } from '../machines/place.js';
import { Cancelled, HelpEnds } from '../record/claims.js';
import type { RunInput } from '../record/manifest.js';
import type { Store } from '../record/store.js';
import { firstDifference } from '../record/json.js';
import { installedVersions } from '../record/versions.js';
import { shownName, shownValue } from '../text/given.js';
import { errorSentence } from '../text/errorSentence.js';
import type { JudgeHow } from '../experiment/shared/lab.js';
import type { Context } from './command.js';
import { findOrDownloadData } from './data.js';
import type { OfEvery } from './experimentOptions.js';
import type { KeptModels } from './keptModels.js';
import { labOf, numericsOf } from './lab.js';
import { findOrDownload, openNamedJudge } from './models.js';
import { configureRun } from './runFolder.js';
import { serversOf } from './servers.js';

/** This machine cannot help with a job, and says why. */
class Declined extends Error {}

export interface Helper {
  place: Place;
  jobs: Jobs;
  models: KeptModels;
  /** Where models and data lie that are not where the job says. */
  files: string | undefined;
  context: Context;
}

/**
 * Helps until nothing is left to do.
 * @returns what is to be said of it; null where all went well
 * @throws where this process is ended.
 */
export async function helpWith(job: Job, helper: Helper): Promise<string | null> {
  const { place, jobs, context } = helper;
  const { threads } = job.options as { threads?: number };
  let part: Part | null = null;
  await using joined = await place.join({
    ...{ run: job.run, about: numericsOf({ threads, cores: job.cores }), first: false },
    told: { check: async () => await part?.check(), tell: (stand) => part?.tell(stand) },
  });
  const own = new Part(jobs, job.id, joined.holder);
  part = own;
  await using scratch = await makeScratch('job');
  try {
    checkVersions(job);
    await own.report('works');
    const help = job.command === 'reproduce' ? helpPaper : helpExperiment;
    await help(job, { ...helper, store: { ...joined.store, helps: true }, folder: scratch.path });
    await own.report('left');
    return null;
  } catch (error) {
    if (context.signal.aborted) {
      await own.report('left');
      throw error;
    }
    if (error instanceof Cancelled) {
      await own.report('left');
      return error.message.replace(`job ${job.id}: `, '');
    }
    const reason = errorSentence(error);
    await own.report(error instanceof Declined ? 'declined' : 'failed', reason);
    return reason;
  }
}

/** @throws {@link Declined} where results would have other names than those that are waited for. */
function checkVersions({ versions }: Job): void {
  const differs = firstDifference(versions, installedVersions());
  if (!differs) return;
  throw new Declined(
    `it needs other versions: ${differs.path} is ${shownValue(differs.a)} there and ${shownValue(differs.b)} here; install the same`,
  );
}

type Helping = Helper & { store: Store; folder: string };

/** Models are loaded for each part, as by whoever began it. */
async function helpPaper(job: Job, { files, context, store, folder }: Helping): Promise<void> {
  const { helpReproduce } = await import('../reproduce/help.js');
  const locate = locatorOf(files, context);
  const options = { ...job.options } as OfEvery;
  const servers = serversOf(options, context);
  const host = {
    findModel: (name: string) => findOrDownload(locate(name), context),
    findData: (name: string) => findOrDownloadData(locate(name), context),
    judge: (name: string, how: JudgeHow) =>
      openNamedJudge(locate(name), { ...how, servers }, context),
    writeFigures: () => Promise.resolve([]),
    store,
    signal: context.signal,
  };
  const given = { ...options, cores: job.cores, out: folder, runs: folder } as never;
  await helpReproduce(given, host, (found) => checkInputs(job, found));
}

async function helpExperiment(
  job: Job,
  { models, files, context, store, folder }: Helping,
): Promise<void> {
  const entry = experiments.find(({ name }) => name === job.command);
  if (!entry) throw new Declined(`${shownName(job.command)} is no experiment`);
  const options = { ...job.options } as OfEvery;
  const help = { cores: job.cores, locate: locatorOf(files, context) };
  const { device, threads, precision, date, controlTokens } = options;
  const how = { device, threads, precision, date, controlTokens, cores: job.cores };
  const lab = models.lab(labOf(options, context, { store, help }), how);
  const experiment = await entry.load();
  await using opened = await openOr(() => experiment.open(options as never, lab));
  await models.sweep();
  const { command } = job;
  checkInputs(job, await configureRun({ ...opened, command, options }));
  try {
    if (opened.help) return await opened.help();
    const work = opened.run({ folder, records: [] });
    // Nobody keeps the records here: who asked takes them from the store.
    while (!(await work.next()).done);
  } catch (error) {
    if (!(error instanceof HelpEnds)) throw error;
  }
}

/** @throws {@link Declined} where a model or a file is not here. */
async function openOr<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    throw new Declined(`it cannot be opened here: ${errorSentence(error)}`, { cause: error });
  }
}

/** @throws {@link Declined} where a model, a file or the device is another than there. */
function checkInputs(job: Job, found: { inputs: readonly RunInput[]; device: string }): void {
  const here = Object.fromEntries(found.inputs.map(({ name, sha256 }) => [name, sha256]));
  const there = { device: job.device, ...job.inputs };
  const differs = firstDifference(there, { device: found.device, ...here });
  if (!differs) return;
  const place = found.inputs.find(({ name }) => name === differs.path);
  throw new Declined(
    `${shownName(differs.path)}${place ? ` (${shownName(place.path)})` : ''} is another one here (expected ${shownValue(differs.a)}, got ${shownValue(differs.b)}); put the same here, or give --files`,
  );
}

/** Names are taken as they are where that leads somewhere, else their last part in the folder. */
export function locatorOf(
  files: string | undefined,
  { path }: Pick<Context, 'path'>,
): (name: string) => string {
  const one = (name: string): string => {
    if (files === undefined || existsSync(path(name))) return name;
    const here = join(path(files), basename(name));
    return existsSync(here) ? here : name;
  };
  // A model may have an adapter, and recorded answers are named by their kind and a path.
  const [recorded, added] = ['recorded:', '+'];
  return (name) =>
    name.startsWith(recorded)
      ? `${recorded}${one(name.slice(recorded.length))}`
      : name.split(added).map(one).join(added);
}
