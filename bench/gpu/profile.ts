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

/** Where the time of one step of decoding goes. */
export interface StepAccount {
  /** Steps: the iterations after the first, which is the prefill. */
  steps: number;
  /** Milliseconds of a step by the clock, and the sum over its nodes. */
  wall: number;
  nodes: number;
  /** Nodes that run in a step. */
  count: number;
  /** Milliseconds per step by operator, largest first. */
  operators: Record<string, number>;
  /** The 20 nodes that take longest, with milliseconds per step and the shape of their output. */
  longest: { name: string; operator: string; milliseconds: number; output: string }[];
}

/** One account per run of the loop, in order. Events as of {@link summariseProfile}. */
export function accountSteps(events: readonly ProfileEvent[]): StepAccount[] {
  const nodes = events.filter(({ cat, args }) => cat === 'Node' && args.op_name !== undefined);
  const loops = nodes.filter(({ args }) => args.op_name === 'Loop').sort((a, b) => a.ts - b.ts);
  return loops.map((loop) => {
    const end = loop.ts + loop.dur;
    const body = nodes.filter((e) => e !== loop && e.ts >= loop.ts && e.ts + e.dur <= end);
    const branches = body.filter(
      ({ args, name }) => args.op_name === 'If' && /\bIf_\d+/.test(name),
    );
    const ends = branches.map((e) => e.ts + e.dur).sort((a, b) => a - b);
    const steps = Math.max(1, ends.length - 1);
    const from = ends[0] ?? loop.ts;
    const later = body.filter((e) => e.ts >= from && !control.has(e.args.op_name ?? ''));
    return { steps, wall: (end - from) / 1000 / steps, ...sumNodes(later, steps) };
  });
}

function sumNodes(
  nodes: readonly ProfileEvent[],
  steps: number,
): Omit<StepAccount, 'steps' | 'wall'> {
  const milliseconds = ({ dur }: ProfileEvent): number => dur / 1000 / steps;
  const nameOf = ({ name }: ProfileEvent): string => name.replace(/_kernel_time$/, '');
  const byName = Object.entries(tally(nodes, nameOf, milliseconds)).slice(0, 20);
  return {
    nodes: nodes.reduce((sum, event) => sum + milliseconds(event), 0),
    count: nodes.length / steps,
    operators: tally(nodes, ({ args }) => args.op_name ?? '', milliseconds),
    longest: byName.map(([name, time]) => {
      const event = nodes.find((e) => nameOf(e) === name);
      const output = JSON.stringify(event?.args.output_type_shape?.[0] ?? {});
      return { name, operator: event?.args.op_name ?? '', milliseconds: time, output };
    }),
  };
}
