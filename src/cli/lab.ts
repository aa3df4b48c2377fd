/** The lab of a command: models with a line of progress, paths from the working directory. */
import { availableParallelism } from 'node:os';
import { openAligner, openCorrector, openUpstream } from '../align/open.js';
import type { DataPlace } from '../data/files/place.js';
import type { Lab, LoadHow } from '../experiment/shared/lab.js';
import { samplingOf } from '../experiment/shared/sampling.js';
import { openScorer } from '../judge/open.js';
import { folderStore } from '../record/store.js';
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
import { serversOf, type ServedRole, type ServerFlags } from './servers.js';

/** How an upstream draws its tokens. */
type Drawing = Parameters<typeof samplingOf>[0];

export function labOf(
  given: EngineOptions & ServerFlags & Drawing & { store?: string | undefined },
  context: Context,
  servers = serversOf(given, context),
): Lab {
  const { io, progress, path, signal } = context;
  const { device, threads, precision, store, date, controlTokens } = given;
  const engine = { device, threads, precision, date, controlTokens };
  const engineOf = ({ copies = false, beside = false, proxy }: LoadHow = {}) => {
    return { ...engine, proxy, fitting: copies, beside };
  };
  const data = new Map<string, Promise<DataPlace>>();
  const named = <T extends Told>(role: ServedRole, open: Opener<T>) => {
    const usual = role === 'upstream' ? samplingOf(given) : undefined;
    return async (name: string, how?: LoadHow) => {
      const sampling = how?.sampling ?? usual;
      return await openNamed(name, { ...engineOf(how), servers, role, sampling }, context, open);
    };
  };
  return {
    data: (name, how) => {
      const found = data.get(name) ?? findOrDownloadData(name, context, how);
      data.set(name, found);
      return found;
    },
    onReport: (report) => noteReport(report, context),
    find: (name) => findOrDownload(name, context),
    load: (name, { copies = false, proxy } = {}) =>
      (copies ? loadCopies : loadModel)(name, { ...engine, proxy }, context),
    upstream: named('upstream', openUpstream),
    corrector: named('corrector', openCorrector),
    aligner: named('corrector', openAligner),
    judge: (name, how) => openNamedJudge(name, { ...how, servers }, context),
    scorer: (name) => openScorer(name, { find: (model) => findOrDownload(model, context) }),
    traffic: servers.traffic,
    path,
    store: store === undefined ? undefined : folderStore(path(store), numericsOf(threads)),
    stages: (label) => progress.stage(label),
    warn: (text) => context.warn(`warning: ${text}`),
    note: (text) => context.warn(text),
    terminal: { width: io.stdout.columns ?? 100, colour: colourOf(io) },
    signal,
  };
}

/** What the last digits depend on beside models and device. */
function numericsOf(threads: number | undefined): unknown {
  return { versions: installedVersions(), threads: threads ?? availableParallelism() };
}

function colourOf(io: Io): Lab['terminal']['colour'] {
  if (!wantsColour(io.stdout, io.env)) return 'none';
  return /truecolor|24bit/.test(io.env.COLORTERM ?? '') ? 'truecolor' : '256';
}
