/**
 * Which process made a file, told by the file's name: whether that process still runs can then be
 * asked without reading anything, and a name is never used twice.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface Owner {
  /** Hash of host, start of the machine and its space of process numbers. */
  space: string;
  pid: number;
  /** When the process began, in clock ticks since the machine did; 0 where it is not known. */
  start: number;
}

/** `elsewhere`: another machine or container, whose processes cannot be seen from here. */
export type OwnerState = 'alive' | 'dead' | 'elsewhere';

const pattern = /([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{8}$/;

/** This process's mark for a file's name, another one at every call. */
export function ownerMark(owner: Owner = thisProcess()): string {
  const { space, pid, start } = owner;
  return `${space}-${pid}-${start}-${randomBytes(4).toString('hex')}`;
}

/** The owner by a mark at the end of a text; null where there is none. */
export function ownerOf(text: string): Owner | null {
  const [, space, pid, start] = pattern.exec(text) ?? [];
  if (space === undefined) return null;
  return { space, pid: Number(pid), start: Number(start) };
}

/** Whether the process that is meant still runs; another one that got its number is not it. */
export function ownerState({ space, pid, start }: Owner): OwnerState {
  if (space !== thisSpace()) return 'elsewhere';
  const began = startOf(pid);
  if (began !== null) return began === start ? 'alive' : 'dead';
  return hasProcFiles() || !canSignal(pid) ? 'dead' : 'alive';
}

function thisProcess(): Owner {
  return { space: thisSpace(), pid: process.pid, start: startOf(process.pid) ?? 0 };
}

function thisSpace(): string {
  const parts = [
    hostname(),
    orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    orEmpty(() => readlinkSync('/proc/self/ns/pid')),
  ];
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 8);
}

/** Null where there is no such process, or it has ended and only its entry is left, or no /proc. */
function startOf(pid: number): number | null {
  const stat = orEmpty(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The name in parentheses may hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  if (stat === '' || state === 'Z' || state === 'X') return null;
  return Number(fields[19]);
}

function hasProcFiles(): boolean {
  return startOf(process.pid) !== null;
}

function canSignal(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
