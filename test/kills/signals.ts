/** Commands that are asked to end: they do, in order, with the code of the signal, and nothing is lost. */
import type { Random } from '../../src/math/random.js';
import { call, type Ended, type Sent } from './calls.js';
import type { KillCase } from './cases.js';
import { leftOver, readResults } from './results.js';
import { failure, fresh, judged, type Bench, type Reference, type Trial } from './trials.js';

/** What a shell calls the end by each. */
const codes = { SIGINT: 130, SIGTERM: 143 } as const;
/** Longer than what counts as the same Ctrl-C, passed on by a launcher. */
const again = 700;

const kinds: Readonly<Record<string, (after: number) => Sent[]>> = {
  once: (after) => [{ signal: 'SIGINT', after }],
  twice: (after) => [
    { signal: 'SIGINT', after },
    { signal: 'SIGINT', after: after + again },
  ],
  term: (after) => [{ signal: 'SIGTERM', after }],
};

interface How {
  bench: Bench;
  /** Of each kind. */
  moments: number;
  random: Random;
}

/** One trial per kind of signal, and one with a reader that goes. */
export async function signalled(
  given: KillCase,
  expected: Reference,
  how: How,
): Promise<Record<string, Trial>> {
  const trials: Record<string, Trial> = {};
  for (const [kind, sent] of Object.entries(kinds)) {
    trials[kind] = await interrupted({ given, expected, sent }, how);
  }
  return { ...trials, head: await readerGone(given, expected, how.bench) };
}

interface Interrupted {
  given: KillCase;
  expected: Reference;
  sent: (after: number) => Sent[];
}

async function interrupted(
  { given, expected, sent }: Interrupted,
  { bench, moments, random }: How,
): Promise<Trial> {
  const out = fresh(bench, 'signals');
  const argv = given.argv(out, bench.inputs);
  const faults: string[] = [];
  let kills = 0;
  for (let tries = 0; kills < moments && tries < 4 * moments; tries++) {
    const send = sent(expected.milliseconds * random.next());
    const ended = await call(argv, { send });
    const what = `${send.length} ${send[0]?.signal} after ${Math.round(send[0]?.after ?? 0)} ms`;
    faults.push(...ending(ended, send, out).map((fault) => `${what}: ${fault}`));
    if (ended.code === 0) fresh(bench, 'signals');
    else kills++;
  }
  return { faults: [...faults, ...(await lastOf(given, expected, { out, argv }))], kills };
}

/** Run again to its end: what is there is as if nothing had been. */
async function lastOf(
  given: KillCase,
  expected: Reference,
  { out, argv }: { out: string; argv: string[] },
): Promise<string[]> {
  const last = await call(argv);
  if (last.code !== 0) return [failure(last)];
  const printed = given.prints && !given.clocked && last.stdout !== expected.stdout;
  return [...(printed ? ['stdout differs'] : []), ...(await judged(out, expected))];
}

/** What is wrong with how a command ended that was asked to. */
function ending(ended: Ended, send: readonly Sent[], out: string): string[] {
  const [{ signal } = { signal: 'SIGINT' as const }] = send;
  const code = codes[signal as keyof typeof codes];
  // 0: it was at its end. By the signal itself: before it listened, or the second time.
  const fits =
    ended.signal === null ? [0, code].includes(ended.code ?? -1) : ended.signal === signal;
  const how = `it ended with ${ended.code ?? ended.signal}: ${ended.stderr.slice(-300)}`;
  return [...(fits ? [] : [how]), ...untidy(ended, out)];
}

/** Raw ends, and files that should be gone. */
function untidy({ stderr }: Ended, out: string): string[] {
  // A library that looks for graphics cards says where in its own code it did not find them.
  const own = stderr.replace(/^Warning: .*\n\s+at .*\(\/build\/Release\/_deps\/.*$/gm, '');
  const raw = /terminate called|core dumped|\n\s+at |node:internal|unexpected: /.test(own);
  const left = leftOver(readResults(out)).map((name) => `${name} is left over`);
  return [...(raw ? [`it said: ${stderr.slice(-500)}`] : []), ...left];
}

/** `| head -1`: a reader that has seen enough is no fault. */
async function readerGone(given: KillCase, expected: Reference, bench: Bench): Promise<Trial> {
  const out = fresh(bench, 'head');
  const argv = given.argv(out, bench.inputs);
  const ended = await call(argv, { lines: 1 });
  const how = ended.code === 0 ? [] : [`| head -1: ${failure(ended)}`];
  const faults = [...how, ...untidy(ended, out), ...(await lastOf(given, expected, { out, argv }))];
  return { faults, kills: 0 };
}
