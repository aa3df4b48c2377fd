/** Upstreams, correctors and Aligners by name: the same string here and on the command line. */
import { resolve } from 'node:path';
import type { LanguageModel } from '../runtime/decoder.js';
import { loadLanguageModel, type LoadOptions } from '../runtime/load.js';
import type { ModelFiles } from '../runtime/modelFiles.js';
import { createAligner, type Aligner, type AlignerOptions } from './aligner.js';
import { createCorrector, type Corrector, type CorrectorOptions } from './corrector.js';
import { opened, type Opened } from './opened.js';
import { recordedAligner, recordedCorrector } from './recorded.js';
import { recordedUpstream } from './recordedUpstream.js';
import {
  openServedAligner,
  openServedCorrector,
  openServedUpstream,
  type ServerOptions,
} from './served/open.js';
import { createLocalUpstream, type LocalUpstreamOptions, type Upstream } from './upstream.js';

/** How things are opened; what concerns local models alone is for them alone. */
export interface OpenOptions extends Omit<LoadOptions, 'model'> {
  /** Default: the model's, or the file's. */
  name?: string;
  /** Where relative paths of recordings begin. Default: the working directory. */
  folder?: string;
  /** How servers are asked; what is no server takes none of it. */
  server?: ServerOptions;
}

/** Names with a beginning of their own, and who opens them. */
interface Opener {
  begins: RegExp;
  upstream(name: string, options: OpenOptions): Upstream | Promise<Upstream>;
  corrector(name: string, options: OpenOptions): Corrector | Promise<Corrector>;
  aligner(name: string, options: OpenOptions): Aligner | Promise<Aligner>;
}

/** Recorded answers whose sentences go on by count behind what a corrector rewrote. */
const byCount = /#by-count$/;

/** `recorded:<file>` */
const recorded: Opener = {
  begins: /^recorded:/,
  upstream: (name, options) =>
    recordedUpstream({
      ...recordingOf(name.replace(byCount, ''), options),
      byCount: byCount.test(name),
    }),
  corrector: (name, options) => recordedCorrector(recordingOf(name, options)),
  aligner: (name, options) => recordedAligner(recordingOf(name, options)),
};

/** `http(s)://host/v1#model` */
const servers: Opener = {
  begins: /^https?:\/\//,
  upstream: (name, { server, name: shown }) => openServedUpstream(name, { ...server, name: shown }),
  corrector: (name, { server, name: shown }) =>
    openServedCorrector(name, { ...server, name: shown }),
  aligner: (name, { server, name: shown }) => openServedAligner(name, { ...server, name: shown }),
};

/** A kind of name that is not a local model's is added here. */
const openers: readonly Opener[] = [recorded, servers];

/** Whether a name is a local or downloadable model's, see {@link resolveModel}. */
export function isModelName(name: string): boolean {
  return !openers.some(({ begins }) => begins.test(name));
}

/** How an upstream is opened. */
export type OpenUpstreamOptions = OpenOptions & Omit<LocalUpstreamOptions, 'model' | 'name'>;

/**
 * Opens an upstream by name: an embedded model's name, a model folder, an `.onnx` file,
 * `org/name[@revision][:variant]` of the Hugging Face hub, or `recorded:<file>`, see
 * {@link recordedUpstream}. Closing it frees its model.
 * @throws where nothing of that name can be opened.
 *
 * @example
 * const upstream = await openUpstream('upstream-arithmetic');
 * const [next] = await upstream.nextSentences([{ question: 'How many are 2 + 3?', prefix: '' }]);
 * next?.text; // its first sentence
 * await upstream.close();
 */
export async function openUpstream(
  name: string | ModelFiles,
  options: OpenUpstreamOptions = {},
): Promise<Upstream> {
  const other = openerOf(name);
  if (other) return await other.opener.upstream(other.name, options);
  return await openLocal(name, options, (model) => createLocalUpstream({ ...options, model }));
}

/** How a corrector is opened. */
export type OpenCorrectorOptions = OpenOptions & Omit<CorrectorOptions, 'model' | 'name'>;

/**
 * Opens a corrector by name, see {@link openUpstream}; `recorded:<file>` as
 * {@link recordedCorrector}. A local model is `readable`, and no other kind is.
 * @throws where nothing of that name can be opened.
 *
 * @example
 * const corrector = await openCorrector('corrector-arithmetic-m');
 * const place = { question: 'How many are 2 + 3?', prefix: '', last: '2 + 3 = 6.' };
 * const [correction] = await corrector.correct([place]);
 * correction?.text; // '2 + 3 = 6.' where it copies
 * await corrector.close();
 */
export async function openCorrector(
  name: string | ModelFiles,
  options: OpenCorrectorOptions = {},
): Promise<Corrector> {
  const other = openerOf(name);
  if (other) return await other.opener.corrector(other.name, options);
  return await openLocal(name, options, (model) => createCorrector({ ...options, model }));
}

/** How an Aligner is opened. */
export type OpenAlignerOptions = OpenOptions & Omit<AlignerOptions, 'model' | 'name'>;

/**
 * Opens a whole-answer Aligner by name, see {@link openUpstream}; `recorded:<file>` as
 * {@link recordedAligner}.
 * @throws where nothing of that name can be opened.
 */
export async function openAligner(
  name: string | ModelFiles,
  options: OpenAlignerOptions = {},
): Promise<Aligner> {
  const other = openerOf(name);
  if (other) return await other.opener.aligner(other.name, options);
  return await openLocal(name, options, (model) => createAligner({ ...options, model }));
}

function openerOf(name: string | ModelFiles): { opener: Opener; name: string } | null {
  if (typeof name !== 'string') return null;
  const opener = openers.find(({ begins }) => begins.test(name));
  return opener ? { opener, name } : null;
}

/** Loads a model for one use, which closes it. */
async function openLocal<T extends Opened>(
  name: string | ModelFiles,
  options: OpenOptions,
  make: (model: LanguageModel) => T,
): Promise<T> {
  const model = await loadLanguageModel({ ...options, model: name });
  try {
    const made = make(model);
    return {
      ...made,
      ...opened({ name: made.name, identity: made.identity, close: () => model.close() }),
    };
  } catch (error) {
    await model.close();
    throw error;
  }
}

function recordingOf(
  name: string,
  { folder = '', name: shown }: OpenOptions,
): { file: string; name?: string } {
  return { file: resolve(folder, name.replace(recorded.begins, '')), name: shown };
}
