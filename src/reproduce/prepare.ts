/** From the options of `reproduce` to what its parts share; no model is loaded. */
import { basename, extname, join } from 'node:path';
import { openJudges, type JudgeFlags } from '../experiment/shared/judgedOptions.js';
import type { Keep } from '../experiment/shared/opening.js';
import { humanName } from '../judge/human.js';
import { placeOf } from '../data/files/place.js';
import {
  limitSizes,
  partSizes,
  type Extent,
  type PaperJudge,
  type ReproduceModels,
} from './plan.js';
import { Results } from './results.js';
import { sha256 } from '../record/hash.js';
import { canonicalJson } from '../record/json.js';
import type { RunConfiguration } from '../record/manifest.js';
import { resolveDevice } from '../runtime/device.js';
import { inModelsPackage, modelsPackage } from '../runtime/modelsPackage.js';
import { modelSize } from '../runtime/modelFiles.js';
import { copiesOf, type EngineOptions } from '../runtime/copies.js';
import { isServerName } from '../wire/address.js';
import { generatedData, questionData, type ReproduceData } from './data.js';
import type { ReproduceHost } from './host.js';
import type { Judge } from '../judge/judge.js';
import { allModels, chooseModels, type NamedModels } from './models.js';
import {
  configurationOf,
  hashFiles,
  knownModel,
  type KnownModel,
  type Setting,
} from './setting.js';

export interface ReproduceOptions extends NamedModels, EngineOptions, JudgeFlags {
  dataset: string | undefined;
  stimuli: string;
  problems: string;
  limit: number | undefined;
  quick: boolean;
  seed: number;
  /** The run folder. Default: one in `runs` that is named after what identifies the run. */
  out: string | undefined;
  /** Default `runs`. */
  runs?: string;
}

export interface Prepared {
  setting: Setting;
  /** Of the run folder, over all parts. */
  configuration: RunConfiguration;
  extent: Extent;
  notes: string[];
  /** By which the rules for judged answers are. */
  judges: readonly PaperJudge[];
}

/** @throws on models that are not there, and on files that cannot be read. */
export async function prepare(
  given: ReproduceOptions,
  host: ReproduceHost,
  keep: Keep,
): Promise<Prepared> {
  const { models: chosen, absent } = chooseModels(given);
  const extent = given.quick ? 'quick' : 'default';
  const sizes = limitSizes(partSizes[extent], given.limit ?? Infinity);
  const data = await dataOf(given, sizes, host);
  const { models, known } = await findAll(chosen, host);
  const judges = await judgesOf(given, host, keep);
  const device = await resolveDevice(given.device);
  const { seed, threads, cores, precision, date, controlTokens } = given;
  const engine = { device, threads, cores, precision, date, controlTokens };
  const small = [...known.values()].every(({ files }) => copiesOf(files, engine) > 1);
  // A part keeps two cores busy for two thirds of its time. Large models need the memory for one.
  const partsAtOnce = small ? 2 : 1;
  const opened = judges.map(({ judge }) => judge);
  const shared = { models, known, data, device, seed, sizes, engine, host, judges: opened };
  const hashes = await hashFiles(data.files);
  const configuration = configurationOf(
    { command: 'reproduce', options: { sizes, models }, models: allModels(models), judges: opened },
    { ...shared, hashes },
  );
  const id = sha256(canonicalJson(configuration)).slice(0, 8);
  const folder = given.out ?? join(given.runs ?? 'runs', `reproduce-${id}`);
  const notes = absent.length === 0 ? [] : [absentNote(absent)];
  const empty = { results: new Results(), made: new Map(), readings: new Map() };
  const setting = { ...shared, ...empty, hashes, folder, partsAtOnce };
  const named = judges.map(({ judge: { name }, criterion }) => ({ name, criterion }));
  return { setting, configuration, extent, notes, judges: named };
}

/** Opened before anything is computed, so that one that is not there costs nothing. */
async function judgesOf(
  given: ReproduceOptions,
  { judge: open }: ReproduceHost,
  keep: Keep,
): Promise<{ judge: Judge; criterion: string }[]> {
  const refuse = (): never => {
    throw new Error('reproduce: nobody opens judges here (expected the host to have one)');
  };
  const judges = await openJudges(given, keep, { judge: open ?? refuse });
  const named = given.judge ?? '';
  const usual = humanName.test(named) ? 'people' : isServerName(named) ? 'helpful' : undefined;
  return judges.map((judge, i) => {
    const name = given.criterion?.[i] ?? usual ?? judge.name;
    return { judge, criterion: basename(name, extname(name)) };
  });
}

function absentNote(absent: readonly string[]): string {
  const note = `Not there, so left out with what compares them: ${absent.join(', ')}.`;
  const known: readonly string[] = inModelsPackage.models;
  const packaged = absent.some((name) => known.includes(name));
  return packaged ? `${note} The package ${modelsPackage} has them.` : note;
}

async function dataOf(
  given: ReproduceOptions,
  sizes: Setting['sizes'],
  { findData = placeOf, onReport }: ReproduceHost,
): Promise<ReproduceData> {
  if (given.dataset !== undefined) {
    const source = await findData(given.dataset);
    // Where a judge compares answers, nobody must know the right one.
    const answers = given.judge === undefined ? 'needed' : 'optional';
    return await questionData({ source, read: sizes.scan.answers, answers, onReport });
  }
  const [validation, test] = [await findData(given.stimuli), await findData(given.problems)];
  return await generatedData({
    ...{ files: { validation, test }, onReport },
    count: {
      validation: sizes.compare.alphaProblems,
      test: Math.max(sizes.rounds.problems, sizes.compare.problems),
    },
    seed: given.seed,
  });
}

/** Files of every model, which are then called by their short names. */
async function findAll(
  named: ReproduceModels,
  { findModel }: ReproduceHost,
): Promise<{ models: ReproduceModels; known: Map<string, KnownModel> }> {
  const known = new Map<string, KnownModel>();
  const short = new Map<string, string>();
  for (const name of allModels(named)) {
    const files = await findModel(name);
    const other = known.get(files.name);
    if (other && other.files.file !== files.file) {
      throw new Error(
        `reproduce: two models are called ${files.name} (${other.files.file}, ${files.file}); rename a folder`,
      );
    }
    known.set(files.name, await knownModel(files, modelSize(files.file)));
    short.set(name, files.name);
  }
  const shortOf = (name: string): string => short.get(name) ?? name;
  const renamed = <T extends object>(names: T): T =>
    Object.fromEntries(
      Object.entries(names).map(([key, name]) => [key, shortOf(String(name))]),
    ) as T;
  const { upstream, sizes, tuned } = named;
  return {
    models: { upstream: shortOf(upstream), sizes: sizes.map(renamed), tuned: renamed(tuned) },
    known,
  };
}
