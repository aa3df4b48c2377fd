/**
 * What graph surgery knows of a decoder: plain data for the runtime and for `instrument --inspect`.
 *
 * Dimensions: `B` rows, `S` tokens fed, `L` layers, `D` width, `V` vocabulary.
 */

/**
 * How a graph masks and pads its cache. `full-mask`: every token of the cache has its column in
 * the attention mask, so rows of unequal lengths are padded on the left. `group-query-attention`:
 * only the number of valid tokens per row counts, so rows are padded on the right.
 */
export type AttentionKind = 'full-mask' | 'group-query-attention';

export type FloatType = 'float32' | 'float16';

/** One key or value tensor of the cache, `[B, heads, past, headDim]`. */
export interface CacheTensor {
  /** Name of the graph input. */
  past: string;
  /** Name of the graph output, `[B, heads, past + S, headDim]`. */
  present: string;
  /** Index in the exporter's names: the attention layer. */
  layer: number;
  part: 'key' | 'value';
  heads: number;
  headDim: number;
  type: FloatType;
}

/** Where one block ends. */
export interface BlockOutput {
  /** Name (or, where it has none, first output) of the node that makes it. */
  node: string;
  operator: string;
  /** The tensor `[B, S, D]`. */
  tensor: string;
  /**
   * True where the node adds and normalises at once: steering splits it, so that the edited graph
   * differs from the file in the last digits (about 5e-6).
   */
  fused: boolean;
}

/** Where the logits are made. */
export interface LogitsLayout {
  /** Name of the graph output. */
  output: string;
  /** Name of the LM head's node, null where it is not one position-wise product. */
  head: string | null;
  /** Whether positions are gathered before the head, so that only those wanted are computed. */
  gatheredBeforeHead: boolean;
}

/** Names of the decoder's own inputs; null where the graph has no such input. */
export interface DecoderInputs {
  /** int64 `[B, S]` */
  inputIds: string;
  /** int64 `[B, past + S]` */
  attentionMask: string | null;
  /** int64 `[B, S]` */
  positionIds: string | null;
  /** int32 `[B]`: valid tokens of the row after this call, less one. */
  seqlensK: string | null;
  /** int32 scalar: past + S. */
  totalSequenceLength: string | null;
}

/** The most tokens that a row can have, prompt and output together, and where that is said. */
export interface ContextLimit {
  positions: number;
  /** E.g. `max_position_embeddings of config.json`. */
  source: string;
}

/** What a graph says of its length; null where it says nothing. */
export interface PositionLimits {
  context: ContextLimit | null;
  /** The most slots of a batch, padding included, where these meet a limit too. */
  slots: number | null;
}

/** A decoder as found in its graph. */
export interface DecoderLayout {
  layers: number;
  width: number;
  vocabulary: number;
  /** Of the residual stream. */
  type: FloatType;
  attention: AttentionKind;
  inputs: DecoderInputs;
  /** Keys before values, by layer. */
  cache: CacheTensor[];
  /** The L blocks' outputs, in order. */
  blocks: BlockOutput[];
  logits: LogitsLayout;
  positions: PositionLimits;
  /** Whether activations are quantised per tensor, which couples the rows of a batch. */
  dynamicQuantization: boolean;
  /** Version of the default operator set. */
  opset: number;
  /** What the file says of who wrote it, e.g. `pytorch 2.13.0`; may be empty. */
  producer: string;
}

/** What the edits compile in. */
export interface InstrumentOptions {
  /** Whether hidden states can be replaced (`patch.index`, `patch.vector`). Default true. */
  patch?: boolean;
}

/** What a loop compiles in: each part costs nodes after every block, in every step. */
export interface LoopGraphOptions extends InstrumentOptions {
  /** Whether the stream is ablated and added to, added to only, or left alone. Default `all`. */
  steer?: 'all' | 'add' | 'none';
  /** Whether states are read; where not, `loop.finite` alone tells of them. Default true. */
  read?: boolean;
}

/** One input or output. */
export interface Port {
  name: string;
  kind: 'input' | 'output';
  /** Element type and dimensions by letter, e.g. `float32 [B, L]`. */
  shape: string;
  meaning: string;
}

/** An edited model, ready for a session. */
export interface InstrumentedModel {
  model: Uint8Array;
  layout: DecoderLayout;
  /** What goes in and what comes out, in the graph's order. */
  ports: Port[];
}
