/** What the logs of all processes come to: what was computed twice, and what kills have cost. */
import { existsSync, readFileSync } from 'node:fs';

/** Of this machine, the same in all processes, whatever their clocks say. */
export function systemMilliseconds(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

interface Entry {
  pid: number;
  /** Of Slurm, in a process's first entry. */
  task?: string;
  now: number;
  begun?: number;
  ended?: number;
}

export interface Counts {
  /** Milliseconds of computing that made a result for the first time. */
  useful: number;
  /** Milliseconds of units that were computed again, and of those that a kill broke off. */
  repeated: number;
  /** Units that were computed to the end more than once. */
  twice: number;
  /** Units that a kill broke off. */
  broken: number;
  /** `repeated` of all. */
  share: number;
}

/** Processes that have finished a unit. */
export function atWork(log: string): Set<number> {
  return new Set(entriesOf(log).flatMap(({ pid, ended }) => (ended === undefined ? [] : [pid])));
}

/** Processes of Slurm's tasks. */
export function tasksIn(log: string): Map<string, number> {
  return new Map(
    entriesOf(log).flatMap(({ pid, task }) => (task === undefined ? [] : [[task, pid]])),
  );
}

/** Nothing before the first process has written. */
function entriesOf(log: string): Entry[] {
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Entry);
}

/** @param killed when each process was killed, by its id */
export function countWork(log: string, killed: ReadonlyMap<number, number>): Counts {
  const entries = entriesOf(log);
  const open = new Map<number, Entry>();
  const ended = new Map<number, number>();
  const counts = { useful: 0, repeated: 0, twice: 0, broken: 0 };
  for (const entry of entries) {
    if (entry.begun !== undefined) open.set(entry.pid, entry);
    if (entry.ended === undefined) continue;
    const begun = open.get(entry.pid);
    open.delete(entry.pid);
    const took = entry.now - (begun?.now ?? entry.now);
    const times = (ended.get(entry.ended) ?? 0) + 1;
    ended.set(entry.ended, times);
    if (times > 1) counts.twice++;
    counts[times > 1 ? 'repeated' : 'useful'] += took;
  }
  for (const [pid, { now }] of open) {
    counts.broken++;
    counts.repeated += Math.max(0, (killed.get(pid) ?? now) - now);
  }
  return { ...counts, share: counts.repeated / (counts.useful + counts.repeated) };
}

/**
 * Milliseconds a unit, while all processes that compute are at work: from when the last of them has
 * begun its first unit to when the first of them has ended its last. What comes before, opening models,
 * each does once.
 */
export function paceOf(log: string): number {
  const entries = entriesOf(log);
  const pids = [
    ...new Set(entries.flatMap(({ pid, begun }) => (begun === undefined ? [] : [pid]))),
  ];
  const own = pids.map((one) => entries.filter(({ pid }) => pid === one));
  const starts = own.map((some) => some.find(({ begun }) => begun !== undefined)?.now ?? NaN);
  const ends = own.map((some) => some.findLast(({ ended }) => ended !== undefined)?.now ?? NaN);
  const [from, to] = [Math.max(...starts), Math.min(...ends)];
  const inside = entries.filter(({ ended, now }) => ended !== undefined && now > from && now <= to);
  return (to - from) / inside.length;
}
