/** What ONNX Runtime's profile says of where nodes ran, and of copies inside the generation loop. */

/** One event of the profile, as ONNX Runtime writes it; times in microseconds. */
export interface ProfileEvent {
  cat: string;
  name: string;
  ts: number;
  dur: number;
  args: {
    op_name?: string;
    provider?: string;
    /** One entry per output: element type to shape. */
    output_type_shape?: readonly Readonly<Record<string, readonly number[]>>[];
  };
}

export interface ProfileSummary {
  /** Times that the loop's body ran. */
  iterations: number;
  /** Of all iterations: nodes that copy between host and device, by operator. */
  copiesInLoop: Record<string, number>;
  /** Of all iterations: nodes of the body by provider. */
  loopNodes: Record<string, number>;
  /** Operators of the body that reckoned with sizes on the host, where they are wanted. */
  hostArithmetic: Record<string, number>;
  /** Other operators of the body that did not run on `provider`, with how often. */
  elsewhere: Record<string, number>;
  /** Outside the loop. */
  copiesOutside: Record<string, number>;
  /** Milliseconds in the body by operator, largest first; on a GPU: the host's time, not kernels'. */
  loopMilliseconds: Record<string, number>;
}

/** Operators whose sub-graphs' nodes have events of their own. */
const control = new Set(['Loop', 'If']);

/**
 * @param provider the one that every node of the body is expected on, e.g. `CUDAExecutionProvider`
 */
export function summariseProfile(
  events: readonly ProfileEvent[],
  provider: string,
): ProfileSummary {
  const nodes = events.filter(({ cat, args }) => cat === 'Node' && args.op_name !== undefined);
  const loops = nodes.filter(({ args }) => args.op_name === 'Loop');
  const inside = (event: ProfileEvent): boolean =>
    loops.some((l) => event !== l && event.ts >= l.ts && event.ts + event.dur <= l.ts + l.dur);
  const body = nodes.filter(inside);
  const operator = ({ args }: ProfileEvent): string => args.op_name ?? '';
  const isCopy = (event: ProfileEvent): boolean => operator(event).startsWith('Memcpy');
  const strays = body.filter(({ args }) => args.provider !== provider);
  const outside = nodes.filter((event) => !inside(event));
  const plain = body.filter((event) => !control.has(operator(event)));
  return {
    iterations: countIterations(body),
    copiesInLoop: tally(body.filter(isCopy), operator),
    loopNodes: tally(body, ({ args }) => args.provider ?? 'unknown'),
    hostArithmetic: tally(strays.filter(isArithmetic), operator),
    elsewhere: tally(
      strays.filter((event) => !isArithmetic(event)),
      operator,
    ),
    copiesOutside: tally(outside.filter(isCopy), operator),
    loopMilliseconds: tally(plain, operator, ({ dur }) => dur / 1000),
  };
}

/** Integers, few: lengths and shapes. ONNX Runtime keeps what comes from a `Shape` on the host. */
function isArithmetic({ args }: ProfileEvent): boolean {
  const outputs = args.output_type_shape ?? [];
  return (
    outputs.length > 0 &&
    outputs.flatMap(Object.entries).every(([type, shape]) => {
      const count = (shape as readonly number[]).reduce((a, b) => a * b, 1);
      return /^int(32|64)$/.test(type) && count <= 8;
    })
  );
}

/** The sampling branch is the one `If` that every body has once. */
function countIterations(body: readonly ProfileEvent[]): number {
  const branches = body.filter(({ args, name }) => args.op_name === 'If' && /\bIf_\d+/.test(name));
  const byName = Object.values(tally(branches, ({ name }) => name));
  return Math.max(0, ...byName);
}

function tally(
  events: readonly ProfileEvent[],
  key: (event: ProfileEvent) => string,
  weight: (event: ProfileEvent) => number = () => 1,
): Record<string, number> {
  const sums = new Map<string, number>();
  for (const event of events) sums.set(key(event), (sums.get(key(event)) ?? 0) + weight(event));
  return Object.fromEntries([...sums].sort(([, a], [, b]) => b - a));
}
