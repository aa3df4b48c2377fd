/** From a name to a running model. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withAdapter, type ModelPart } from './adapterFiles.js';
import { configuredLimit, leastLimit } from './contextLimit.js';
import type { Precision } from '../onnx/precision.js';
import type { Decoder, LanguageModel, Tokenizer } from './decoder.js';
import type { HubOptions } from './hub/settings.js';
import type { Identity } from './identity.js';
import type { ModelFiles } from './modelFiles.js';
import type { RequestedDevice, WorkerOptions } from './worker/protocol.js';
import type { BatchLimits } from './engine/batches.js';
import { DecoderPool } from './worker/pool.js';
import { RemoteDecoder } from './worker/remote.js';
import { resolveModel } from './resolveModel.js';
import { loadTokenizer, type PromptSettings } from './tokenizer.js';

export interface LoadOptions extends PromptSettings {
  /**
   * An embedded model's name, a model folder, an `.onnx` file, or `org/name[@revision][:variant]` of
   * the Hugging Face hub; or the files, where {@link resolveModel} has found them before.
   */
  model: string | ModelFiles;
  /**
   * A LoRA adapter to put on the model's weights: a folder that PEFT saved, or an embedded adapter's
   * name. `model+adapter` as the model's name says the same.
   */
  adapter?: string;
  /** How to reach the hub. */
  hub?: HubOptions;
  /** Default `cpu`. `auto` is cuda where it is usable, else cpu; `info.device` says which. */
  device?: RequestedDevice;
  /** Threads within an operator; default: one per core. Results may differ in the last digits. */
  threads?: number;
  /** Tunes the model by two small ones of the same vocabulary, see {@link ProxyOptions}. */
  proxy?: ProxyOptions;
  /** Copies that work side by side on a CPU, see {@link DecoderPool}. Default 1. */
  copies?: number;
  /**
   * Whether any caller may keep keys and values, see {@link Decoder.anywhere}; on a GPU they would move
   * to the host and back in every call, so there only loops that ask for it do. Default false.
   */
  anywhere?: boolean;
  /**
   * Weights rounded to 8 or 4 bits, on a CPU: less memory and faster decoding, other numbers
   * (docs/speed.md). Default: as they are stored.
   */
  precision?: Precision;
  /** Largest batches; default as batchLimits says for the device. */
  limits?: BatchLimits;
  /** Whether drafts are verified (`GenerateRequest.drafts`); default: where that saves time. */
  drafts?: boolean;
  /**
   * Whether rows share what is the same in them: of one prompt the part that steering leaves alone, of
   * different prompts their leading tokens. Default: where that saves time.
   */
  sharing?: boolean;
  /** Tokens after which rows that have ended leave their batch; default: where that saves time. */
  portion?: number;
  /**
   * Folder where weights are kept as the runtime computes with them, for a CPU: twice their size in
   * float32, opened in half the time, and held once by all that runs. Null: none. Default: that of
   * `ALIGNER_LAB_CACHE`, which may be `off`, else `aligner-lab/weights` in the user's cache, for
   * models of 64 MB and more.
   */
  packedWeights?: string | null;
}

/** Proxy-tuning: logits become base + α · (expert − anti-expert) (Liu et al. 2024). */
export interface ProxyOptions {
  /** Named or found as the model itself. */
  expert: string | ModelFiles;
  /** The expert before it learned its task. */
  antiExpert: string | ModelFiles;
  /** α. */
  alpha: number;
}

/**
 * Loads a decoder: finds the file or downloads it, instruments its graph, opens it in a worker thread.
 * @throws as {@link resolveModel}; where the file is not a decoder in ONNX, or the device cannot be used.
 */
export async function loadDecoder(options: LoadOptions): Promise<Decoder> {
  return await openDecoder(await filesOf(options), options);
}

/** Loads a decoder and its tokenizer. @throws as {@link loadDecoder}, and without a tokenizer. */
export async function loadLanguageModel(options: LoadOptions): Promise<LanguageModel> {
  const files = await filesOf(options);
  const { date, controlTokens } = options;
  const own = await loadTokenizer(files.folder, { date, controlTokens });
  const decoder = await openDecoder(files, options);
  const { name } = files;
  const tokenizer = withinVocabulary(own, decoder.info.vocabulary);
  const { source, sha256, device } = decoder.info;
  const close = async (): Promise<void> => await decoder[Symbol.asyncDispose]();
  return {
    name,
    identity: {
      kind: 'model',
      name,
      sha256,
      source,
      device,
      ...promptSettings(tokenizer, options),
    },
    decoder,
    tokenizer,
    ...(tokenizer.warnings && { warnings: tokenizer.warnings }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What of the settings decides what this model is asked, and what it computes with. */
function promptSettings(
  { date }: Tokenizer,
  { controlTokens, precision = 'stored' }: LoadOptions,
): Pick<Identity, 'settings'> {
  const settings = {
    ...(precision !== 'stored' && { precision }),
    ...(date !== undefined && { date }),
    ...(controlTokens === true && { controlTokens }),
  };
  return Object.keys(settings).length > 0 ? { settings } : {};
}

/** Without end tokens that the model cannot write, which some configurations carry along. */
function withinVocabulary(tokenizer: Tokenizer, vocabulary: number): Tokenizer {
  const endOfTurn = tokenizer.endOfTurn.filter((id) => id < vocabulary);
  const beyond = tokenizer.endOfTurn.filter((id) => id >= vocabulary);
  if (beyond.length === 0) return tokenizer;
  const what = `end tokens: ${beyond.join(', ')} lies beyond the model's vocabulary of ${vocabulary}`;
  if (endOfTurn.length > 0) {
    return { ...tokenizer, endOfTurn, warnings: [...(tokenizer.warnings ?? []), what] };
  }
  throw new Error(`${what}, and no other is named; set eos_token_id in generation_config.json`);
}

type Named = Pick<LoadOptions, 'model' | 'adapter' | 'hub'>;

async function filesOf({ model, adapter, hub }: Named): Promise<ModelFiles> {
  const files = typeof model === 'string' ? await resolveModel(model, hub) : model;
  return adapter === undefined ? files : withAdapter(files, adapter);
}

/** The two small models, and the least length that one of them states. */
async function proxyFiles({
  proxy,
  hub,
}: LoadOptions): Promise<Pick<WorkerOptions, 'proxy' | 'context'>> {
  if (proxy === undefined) return {};
  const expert = await filesOf({ model: proxy.expert, hub });
  const antiExpert = await filesOf({ model: proxy.antiExpert, hub });
  const part = ({ file, adapter }: ModelFiles): ModelPart => ({ file, adapter });
  const context = leastLimit([expert, antiExpert].map(({ folder }) => configuredLimit(folder)));
  return {
    proxy: { expert: part(expert), antiExpert: part(antiExpert), alpha: proxy.alpha },
    ...(context && { context }),
  };
}

async function openDecoder(files: ModelFiles, options: LoadOptions): Promise<Decoder> {
  const {
    threads,
    copies = 1,
    anywhere = false,
    limits,
    drafts,
    sharing,
    portion,
    precision,
    device = 'cpu',
  } = options;
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1)) {
    throw new Error(`load: threads must be a whole number of at least 1 (got ${threads})`);
  }
  if (portion !== undefined && (!Number.isInteger(portion) || portion < 1)) {
    throw new Error(`load: portion must be a whole number of at least 1 (got ${portion})`);
  }
  const { proxy, context: least } = await proxyFiles(options);
  const context = leastLimit([configuredLimit(files.folder), least]) ?? undefined;
  const load = (): Promise<Decoder> =>
    RemoteDecoder.load(
      {
        file: files.file,
        adapter: files.adapter,
        source: files.source,
        ...{ device, proxy, context, threads, limits, drafts, sharing, portion, precision },
        packedWeights: packedFolder(options),
      },
      { anywhere: anywhere && copies === 1 },
    );
  if (copies === 1) return await load();
  const loaded = await Promise.allSettled(Array.from({ length: copies }, load));
  const decoders = loaded.flatMap((done) => (done.status === 'fulfilled' ? [done.value] : []));
  const failed = loaded.find((done) => done.status === 'rejected');
  if (!failed) return new DecoderPool(decoders);
  for (const decoder of decoders) await decoder[Symbol.asyncDispose]();
  throw failed.reason;
}

function packedFolder({ packedWeights }: LoadOptions): WorkerOptions['packedWeights'] {
  if (packedWeights === null) return undefined;
  if (packedWeights !== undefined) return { folder: packedWeights, least: 0 };
  const { ALIGNER_LAB_CACHE: named = '', XDG_CACHE_HOME: caches = '' } = process.env;
  if (named === 'off') return undefined;
  const usual = join(caches === '' ? join(homedir(), '.cache') : caches, 'aligner-lab', 'weights');
  return { folder: named === '' ? usual : named };
}
