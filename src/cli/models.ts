/** Models as commands load them. */
import { isModelName, type OpenUpstreamOptions } from '../align/open.js';
import type { JudgeHow } from '../experiment/shared/lab.js';
import type { OnProgress } from '../experiment/shared/stages.js';
import { criterionNames } from '../judge/criterion.js';
import type { Judge } from '../judge/judge.js';
import { openJudge } from '../judge/open.js';
import {
  copiesOf,
  isCopied,
  loadFileCopies,
  loadFiles,
  threadsOf,
  type EngineOptions,
} from '../runtime/copies.js';
import type { LanguageModel, Sampling } from '../runtime/decoder.js';
import type { DownloadProgress } from '../runtime/hub/settings.js';
import type { ModelFiles } from '../runtime/modelFiles.js';
import { resolveModel } from '../runtime/resolveModel.js';
import { UsageError } from '../text/usageError.js';
import { isServerName, shownName } from '../wire/address.js';
import type { ServedRole, Servers } from './servers.js';
import type { Context } from './command.js';
import { formatBytes, type Progress } from './progress.js';

/**
 * Finds a model, and downloads it from the hub where it is not here yet.
 * @throws as {@link resolveModel}, and on the name of what is no model.
 */
export async function findOrDownload(model: string, context: Context): Promise<ModelFiles> {
  if (!isModelName(model)) {
    throw new UsageError(
      `model: ${shownName(model)} is no local model, which is needed here to be read or steered; name an embedded one, a folder, an .onnx file or org/name`,
    );
  }
  const { io, progress, signal } = context;
  const onProgress = downloadStages(progress);
  const onWarning = (text: string): void => context.warn(`warning: ${text}`);
  const files = await resolveModel(model, { env: io.env, signal, onProgress, onWarning });
  progress.clear();
  return files;
}

/** One stage per file of a model or of data, with the bytes of all of them. */
export function downloadStages(progress: Progress): (now: DownloadProgress) => void {
  let shown: { file: string; tell: OnProgress } | null = null;
  return ({ file, done, total }) => {
    if (shown?.file !== file) {
      shown = { file, tell: progress.stage(`downloading ${file}`, formatBytes) };
    }
    shown.tell(done, total);
  };
}

/** Loads a model on the device asked for. @throws as {@link loadLanguageModel}. */
export async function loadModel(
  name: string,
  options: EngineOptions,
  context: Context,
): Promise<LanguageModel> {
  return await loading(await findOrDownload(name, context), options, context, loadFiles);
}

/**
 * As {@link loadModel}, but a small model on a CPU is loaded once per core, a thread each: for
 * commands that have many independent batches. `threads` turns that off.
 */
export async function loadCopies(
  name: string,
  options: EngineOptions,
  context: Context,
): Promise<LanguageModel> {
  return await loading(await findOrDownload(name, context), options, context, loadFileCopies);
}

async function loading(
  model: ModelFiles,
  options: EngineOptions,
  context: Context,
  load: typeof loadFiles,
): Promise<LanguageModel> {
  const { progress } = context;
  progress.stage(`loading ${model.name}`);
  const loaded = await load(model, options);
  progress.clear();
  tell(loaded, context);
  return loaded;
}

interface NamedHow {
  role: ServedRole;
  fitting?: boolean;
  beside?: boolean;
  servers?: Servers;
  /** Of an upstream. */
  sampling?: Sampling | undefined;
}

/**
 * Opens an upstream, a corrector or an Aligner: a local model with a line of progress, and in
 * `copies` as {@link loadCopies} where it is `fitting`; a small one that runs `beside` others takes a
 * single thread; what is no model as its opener does.
 */
export async function openNamed<T extends Told>(
  name: string,
  how: EngineOptions & NamedHow,
  context: Context,
  open: Opener<T>,
): Promise<T> {
  const { device, precision, proxy, date, controlTokens, sampling } = how;
  const { fitting = false, beside = false } = how;
  const { progress, io } = context;
  if (isServerName(name)) {
    progress.stage(`asking ${shownName(name)} what it can do`);
    const server = await how.servers?.options(how.role);
    const served = await open(name, { server: { ...server, ...(sampling && { sampling }) } });
    progress.clear();
    tell(served, context);
    return served;
  }
  if (!isModelName(name)) return await open(name, { folder: io.cwd });
  const files = await findOrDownload(name, context);
  const copies = fitting ? copiesOf(files, how) : 1;
  progress.stage(`loading ${files.name}`);
  const opened = await open(files, {
    ...{ device, precision, proxy, copies, date, controlTokens, sampling },
    anywhere: !isCopied(files, how),
    threads: (fitting || beside) && isCopied(files, how) ? 1 : threadsOf(how),
  });
  progress.clear();
  tell(opened, context);
  return opened;
}

/** Opens a judge of pairs; a file of one's own as its criterion is found from the working directory. */
export async function openNamedJudge(
  name: string,
  { criterion, verdict, servers }: JudgeHow & { servers: Servers },
  context: Context,
): Promise<Judge> {
  const { progress, path } = context;
  const shipped = criterionNames.some((known) => known === criterion);
  if (isServerName(name)) progress.stage(`asking ${shownName(name)} what it can do`);
  const judge = await openJudge(name, {
    ...{ criterion: shipped ? criterion : path(criterion), server: await servers.options('judge') },
    ...{ folder: context.io.cwd, verdict },
    find: (model) => findOrDownload(model, context),
  });
  progress.clear();
  tell(judge, context);
  return judge;
}

/** `openUpstream` and the like. */
export type Opener<T> = (name: string | ModelFiles, options: OpenUpstreamOptions) => Promise<T>;

/** What is said of a model once it is loaded. */
export interface Told {
  name: string;
  warnings?: readonly string[];
}

function tell({ name, warnings = [] }: Told, context: Context): void {
  warnings.forEach((text) => context.warn(`warning: ${name}: ${text}`));
}
