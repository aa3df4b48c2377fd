/**
 * The instrumented graph's inputs and outputs: the interface between graph surgery and runtime.
 *
 * Dimensions: `B` rows, `S` tokens fed in this call, `L` layers, `D` width, `K` directions,
 * `P` positions, `N` patches, `T` generated tokens, `V` vocabulary. Positions here are indices
 * into the `S` tokens fed, padding included; the runtime maps absolute positions to them.
 */

/** Inputs that the instrumentation adds to a decoder. */
export const inputs = {
  /** float32 `[L, D]` */
  direction: 'steer.direction',
  /** float32 `[B, L]` */
  coefficient: 'steer.coefficient',
  /** float32 `[B, L]` */
  ablation: 'steer.ablation',
  /** float32 `[B, S]`, 1 where ablation and addition act; in the loop graph: on the prompt. */
  mask: 'steer.mask',
  /** int64 `[N, 3]`: layer, row, index into the tokens fed. */
  patchIndex: 'patch.index',
  /** float32 `[N, D]` */
  patchVector: 'patch.vector',
  /** float32 `[L, K, D]` */
  readDirections: 'read.directions',
  /** int64 `[B, P]` */
  readPositions: 'read.positions',
  /** int64 `[B, P]` */
  logitsPositions: 'logits.positions',
} as const;

/** Outputs of the instrumented graph (one forward). */
export const outputs = {
  /** float32 `[L, B, S, K]` */
  projections: 'read.projections',
  /** float32 `[L, B, P, D]` */
  states: 'read.states',
  /** float32 `[B, P, V]`, replaces the decoder's own */
  logits: 'logits',
  /** int64 `[B, P]`: the likeliest token after each of those positions; ties go to the smaller id. */
  next: 'logits.next',
} as const;

/** Inputs that exist only in the loop graph, where one call generates up to `T` tokens. */
export const loopInputs = {
  /** int64 scalar: most tokens to generate. */
  maxNewTokens: 'loop.max_new_tokens',
  /** int64 `[B]`, each at least 1: tokens of each row, after which it ends. */
  room: 'loop.room',
  /** int64 `[n]`, at least one (−1 where none). */
  stop: 'loop.stop',
  /** float32 `[B]`: the mask of generated tokens. */
  generatedMask: 'loop.generated_mask',
  /** float32 scalar; 0 is greedy. */
  temperature: 'loop.temperature',
  /** float32 scalar; 1 is off. */
  topP: 'loop.top_p',
  /** int64 scalar; 0 is off. */
  topK: 'loop.top_k',
  /** float32 `[T, B]` in [0, 1): one number per token drawn. */
  uniforms: 'loop.uniforms',
  /** int64 scalar, 0 or 1: whether whole hidden states are returned. */
  readStates: 'loop.read_states',
} as const;

/** Outputs of the loop graph, beside the decoder's own present keys and values. */
export const loopOutputs = {
  /** int64 `[T', B]`; rows that had ended repeat their last token. */
  tokens: 'loop.tokens',
  /** float32 `[T', L, B, K]`: of the last token fed in each iteration. */
  projections: 'loop.projections',
  /** float32 `[T', L, B, n, D]`, n = `readStates`. */
  states: 'loop.states',
  /** float32 `[T', B]`, of a loop that reads nothing: 0, or NaN where a state is not finite. */
  finite: 'loop.finite',
} as const;

/**
 * float32 or float16 `[B, S, D]`: what the lower half of a decoder hands to the upper one
 * (halves.ts), a block's output before its treatment.
 */
export const halfStates = 'half.states';

/** What the experts of a proxy-tuned decoder are called by (proxy.ts). */
export const proxyPrefix = 'proxy.';

const taken = new Set<string>([...Object.values({ ...inputs, ...outputs }), halfStates]);

/** Whether the edits could make a tensor of this name; `logits` is the decoder's own as well. */
export function isOwnName(name: string): boolean {
  return /^(steer|loop|half)[./]/.test(name) || (name !== outputs.logits && taken.has(name));
}
