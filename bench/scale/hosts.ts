/** Processes as hosts: each in a network namespace of its own, where that is allowed, with its own clock. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Addresses of the bridge and of the hosts. */
const bridge = 'al-bridge';
export const bridgeAddress = '10.77.0.1';

const run = (program: string, ...words: string[]): void => {
  execFileSync(program, words, { stdio: 'ignore' });
};

/** Namespaces `al-0`, `al-1`, … joined by a bridge; false where that is not allowed here. */
export function openHosts(count: number): boolean {
  closeHosts(count);
  try {
    run('ip', 'link', 'add', bridge, 'type', 'bridge');
    run('ip', 'addr', 'add', `${bridgeAddress}/24`, 'dev', bridge);
    run('ip', 'link', 'set', bridge, 'up');
    for (let i = 0; i < count; i++) {
      run('ip', 'netns', 'add', `al-${i}`);
      run('ip', 'link', 'add', `al-out-${i}`, 'type', 'veth', 'peer', 'name', 'al-in', 'netns', `al-${i}`); // prettier-ignore
      run('ip', 'link', 'set', `al-out-${i}`, 'master', bridge, 'up');
      const inside = ['netns', 'exec', `al-${i}`, 'ip'];
      run('ip', ...inside, 'addr', 'add', `10.77.0.${10 + i}/24`, 'dev', 'al-in');
      run('ip', ...inside, 'link', 'set', 'al-in', 'up');
      run('ip', ...inside, 'link', 'set', 'lo', 'up');
    }
    return true;
  } catch {
    closeHosts(count);
    return false;
  }
}

export function closeHosts(count: number): void {
  const quietly = (...words: string[]): void => {
    try {
      run('ip', ...words);
    } catch {
      // It was not there.
    }
  };
  for (let i = 0; i < count; i++) {
    quietly('link', 'del', `al-out-${i}`);
    quietly('netns', 'del', `al-${i}`);
  }
  quietly('link', 'del', bridge);
}

/** Pulls the plug of a host, or puts it in again. */
export function plug(host: number, state: 'up' | 'down'): void {
  run('ip', 'link', 'set', `al-out-${host}`, state);
}

export interface Place {
  /** Number of the host; null: this machine itself. */
  host: number | null;
  /** Core that it may use; null: all. */
  core: number | null;
  /** As faketime takes it, e.g. `+3h`. */
  clock?: string;
}

/** Where libfaketime lies, which moves a process's clock; null where it is not installed. */
const fakeClock =
  ['/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1', '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1'].find(existsSync) ?? null; // prettier-ignore

/** Begins a program there. */
export function spawnAt({ host, core, clock }: Place, words: readonly string[]): ChildProcess {
  const inside = host === null ? [] : ['ip', 'netns', 'exec', `al-${host}`];
  const pinned = core === null ? [] : ['taskset', '-c', String(core)];
  const [program = '', ...rest] = [...inside, ...pinned, ...words];
  // Only what the clock says is moved; timers and durations are the system's.
  const moved = clock !== undefined && fakeClock !== null ? { LD_PRELOAD: fakeClock, FAKETIME: clock, FAKETIME_DONT_FAKE_MONOTONIC: '1' } : {}; // prettier-ignore
  return spawn(program, rest, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...moved } }); // prettier-ignore
}
