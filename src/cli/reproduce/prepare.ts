/** From the options of `reproduce` to what its parts share; no model is loaded. */
import { join } from 'node:path';
import {
  limitSizes,
  partSizes,
  type Extent,
  type ReproduceModels,
} from '../../experiment/reproducePlan.js';
import { Results } from '../../experiment/reproduceResults.js';
import { sha256 } from '../../record/hash.js';
import { canonicalJson } from '../../record/json.js';
import type { RunConfiguration } from '../../record/run.js';
import { resolveDevice } from '../../runtime/device.js';
import { modelSize } from '../../runtime/modelFiles.js';
import type { Context } from '../command.js';
import { copiesOf, findOrDownload, type EngineOptions } from '../models.js';
import { generatedData, questionData, type ReproduceData } from './data.js';
import { allModels, chooseModels, type NamedModels } from './models.js';
import {
  configurationOf,
  hashFiles,
  knownModel,
  type KnownModel,
  type Setting,
} from './setting.js';

export interface ReproduceOptions extends NamedModels, EngineOptions {
  dataset: string | undefined;
  stimuli: string;
  problems: string;
  limit: number | undefined;
  quick: boolean;
  seed: number;
  out: string | undefined;
}

export interface Prepared {
  setting: Setting;
  /** Of the run folder, over all parts. */
  configuration: RunConfiguration;
  extent: Extent;
  notes: string[];
}

/** @throws on models that are not there, and on files that cannot be read. */
export async function prepare(given: ReproduceOptions, context: Context): Promise<Prepared> {
  const { models: named, absent } = chooseModels(given);
  const extent = given.quick ? 'quick' : 'default';
  const sizes = limitSizes(partSizes[extent], given.limit ?? Infinity);
  const data = dataOf(given, sizes, context);
  const { models, known } = await findAll(named, context);
  const device = await resolveDevice(given.device);
  const { seed, threads } = given;
  const engine = { device, threads };
  const small = [...known.values()].every(({ files }) => copiesOf(files, engine) > 1);
  // A part keeps two cores busy for two thirds of its time. Large models need the memory for one.
  const partsAtOnce = small ? 2 : 1;
  const shared = { models, known, data, device, seed, sizes, engine, context };
  const hashes = await hashFiles(data.files);
  const configuration = configurationOf(
    { command: 'reproduce', options: { sizes, models }, models: allModels(models) },
    { ...shared, hashes },
  );
  const id = sha256(canonicalJson(configuration)).slice(0, 8);
  const folder = context.path(given.out ?? join('runs', `reproduce-${id}`));
  const notes =
    absent.length === 0
      ? []
      : [`Not there, so left out with what compares them: ${absent.join(', ')}.`];
  const empty = { results: new Results(), made: new Map(), readings: new Map() };
  const setting = { ...shared, ...empty, hashes, folder, partsAtOnce };
  return { setting, configuration, extent, notes };
}

function dataOf(given: ReproduceOptions, sizes: Setting['sizes'], context: Context): ReproduceData {
  if (given.dataset !== undefined) {
    return questionData({ file: context.path(given.dataset), read: sizes.scan.answers });
  }
  return generatedData({
    files: { validation: context.path(given.stimuli), test: context.path(given.problems) },
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
  context: Context,
): Promise<{ models: ReproduceModels; known: Map<string, KnownModel> }> {
  const known = new Map<string, KnownModel>();
  const short = new Map<string, string>();
  for (const name of allModels(named)) {
    const files = await findOrDownload(name, context);
    const other = known.get(files.name);
    if (other && other.files.file !== files.file) {
      throw new Error(
        `reproduce: two models are called ${files.name} (${other.files.file}, ${files.file}); rename a folder`,
      );
    }
    known.set(files.name, await knownModel(files, modelSize(files.file)));
    short.set(name, files.name);
  }
  const of = (name: string): string => short.get(name) ?? name;
  const renamed = <T extends object>(names: T): T =>
    Object.fromEntries(Object.entries(names).map(([key, name]) => [key, of(String(name))])) as T;
  const { upstream, sizes, tuned } = named;
  return {
    models: { upstream: of(upstream), sizes: sizes.map(renamed), tuned: renamed(tuned) },
    known,
  };
}
