/** The lab of a command: models with a line of progress, paths from the working directory. */
import { availableParallelism } from 'node:os';
import { openAligner, openCorrector, openUpstream } from '../align/open.js';
import type { DataPlace } from '../data/files/place.js';
import type { Lab, LoadHow } from '../experiment/shared/lab.js';
import { samplingOf } from '../experiment/shared/sampling.js';
import { openScorer } from '../judge/open.js';
import { openStore } from '../machines/openStore.js';
import { isS3 } from '../machines/s3Store.js';
import type { Store } from '../record/store.js';
import { installedVersions } from '../record/versions.js';
import type { EngineOptions } from '../runtime/copies.js';
import type { Context } from './command.js';
import { wantsColour, type Io } from './io.js';
import { findOrDownloadData, noteReport } from './data.js';
import {
  findOrDownload,
  loadCopies,
  loadModel,
  openNamed,
  openNamedJudge,
  type Opener,
  type Told,
} from './models.js';
import { serversOf, type ServedRole, type ServerFlags, type Servers } from './servers.js';

/** How an upstream draws its tokens. */
type Drawing = Parameters<typeof samplingOf>[0];

/** What stands in for the usual parts of a command's lab. */
export interface LabParts {
  servers?: Servers;
  /** Default: what `--store` names, which several runs may use, each by itself. */
  store?: Store | undefined;
  /** Where this machine helps another one's run. */
  help?: {
    /** Of the other machine. */
    cores: number;
    /** From a name there to one here. */
    locate: (name: string) => string;
  };
}

export function labOf(
  given: EngineOptions & ServerFlags & Drawing & { store?: string | undefined },
  context: Context,
  parts: LabParts = {},
): Lab {
  const { io, progress, signal } = context;
  const { device, threads, precision, date, controlTokens } = given;
  const { servers = serversOf(given, context), help } = parts;
  const { locate = (name: string): string => name, cores } = help ?? {};
  const path = (name: string): string => context.path(locate(name));
  const engine = { device, threads, precision, date, controlTokens, cores };
  const engineOf = ({ copies = false, beside = false, proxy }: LoadHow = {}) => {
    return { ...engine, proxy, fitting: copies, beside };
  };
  const data = new Map<string, Promise<DataPlace>>();
  const named = <T extends Told>(role: ServedRole, open: Opener<T>) => {
    const usual = role === 'upstream' ? samplingOf(given) : undefined;
    return async (name: string, how?: LoadHow) => {
      const sampling = how?.sampling ?? usual;
      return await openNamed(
        locate(name),
        { ...engineOf(how), servers, role, sampling },
        context,
        open,
      );
    };
  };
  return {
    data: (name, how) => {
      const found = data.get(name) ?? findOrDownloadData(locate(name), context, how);
      data.set(name, found);
      return found;
    },
    onReport: (report) => noteReport(report, context),
    find: (name) => findOrDownload(locate(name), context),
    load: (name, { copies = false, proxy } = {}) =>
      (copies ? loadCopies : loadModel)(locate(name), { ...engine, proxy }, context),
    upstream: named('upstream', openUpstream),
    corrector: named('corrector', openCorrector),
    aligner: named('corrector', openAligner),
    judge: (name, how) => openNamedJudge(locate(name), { ...how, servers }, context),
    scorer: (name) => openScorer(name, { find: (model) => findOrDownload(locate(model), context) }),
    traffic: servers.traffic,
    path,
    store: 'store' in parts ? parts.store : ownStore(given, context),
    helps: help !== undefined,
    stages: (label) => progress.stage(label),
    warn: (text) => context.warn(`warning: ${text}`),
    note: (text) => context.warn(text),
    terminal: { width: io.stdout.columns ?? 100, colour: colourOf(io) },
    signal,
  };
}

/** What `--store` names. */
export function ownStore(
  { store, threads }: { store?: string | undefined; threads?: number | undefined },
  { path, io: { env } }: Pick<Context, 'path' | 'io'>,
): Store | undefined {
  if (store === undefined) return undefined;
  const about = numericsOf({ threads });
  return openStore(isS3(store) ? store : path(store), { about, env });
}

/**
 * What the last digits depend on beside models and device.
 * @param given.cores of the machine where the run was begun
 */
export function numericsOf({
  threads,
  cores = availableParallelism(),
}: {
  threads?: number | undefined;
  cores?: number;
}): unknown {
  return { versions: installedVersions(), threads: threads ?? cores };
}

function colourOf(io: Io): Lab['terminal']['colour'] {
  if (!wantsColour(io.stdout, io.env)) return 'none';
  return /truecolor|24bit/.test(io.env.COLORTERM ?? '') ? 'truecolor' : '256';
}
