/** The messages between a decoder and its worker. Plain data; arrays of replies are transferred. */
import type { DecoderInfo, Device, ForwardRequest, ForwardRow } from '../decoder.js';
import type { GenerateRequest, GenerateResult } from '../decoder.js';
import type { ContextLimit } from '../../onnx/layout.js';
import type { Precision } from '../../onnx/precision.js';
import type { ModelPart } from '../adapterFiles.js';
import type { BatchLimits } from '../engine/batches.js';

export type RequestedDevice = Device | 'auto';

export interface WorkerOptions {
  /** The ONNX file. */
  file: string;
  /** Folder of a LoRA adapter that is put on its weights. */
  adapter?: string;
  /** What to call it in {@link DecoderInfo.source}. */
  source: string;
  device: RequestedDevice;
  /** Files of the two small models that tune it, see `proxyTuned` of onnx/proxy.ts. */
  proxy?: { expert: ModelPart; antiExpert: ModelPart; alpha: number };
  /** What the model's configuration says of its length. */
  context?: ContextLimit;
  threads?: number;
  limits?: BatchLimits;
  /** Default: as they are stored. */
  precision?: Precision;
  /** Whether drafts are verified; default: where that saves time. */
  drafts?: boolean;
  /** Whether rows of one prompt share what steering leaves alone; default: where that saves time. */
  sharing?: boolean;
  /** Tokens after which rows that have ended leave their batch; default: where that saves time. */
  portion?: number;
  /** Where weights are kept as the runtime computes with them, and from how many bytes on. */
  packedWeights?: { folder: string; least?: number };
}

/** What the worker can be asked for, and what it answers with. */
export interface Calls {
  load: { request: WorkerOptions; reply: DecoderInfo };
  forward: { request: ForwardRequest; reply: ForwardRow[] };
  generate: { request: Omit<GenerateRequest, 'signal'>; reply: GenerateResult };
  closeCache: { request: number; reply: null };
  release: { request: null; reply: null };
}

export type Call = keyof Calls;

export type Request = {
  [C in Call]: { id: number; call: C; request: Calls[C]['request'] };
}[Call];

/** Gives up a request that waits; one that runs ends before its next run. */
export interface Cancel {
  cancel: number;
}

export type Reply =
  | { id: number; value: Calls[Call]['reply'] }
  | { id: number; cancelled: true }
  | { id: number; error: { name: string; message: string; stack: string | undefined } };
