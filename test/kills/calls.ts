/** Commands as processes that can be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../bin/aligner-lab.js', import.meta.url));

export interface Ended {
  code: number | null;
  /** What killed it; null where it ended by itself. */
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  milliseconds: number;
}

/** A signal to a process, so many milliseconds after it was started. */
export interface Sent {
  signal: NodeJS.Signals;
  after: number;
}

/**
 * Runs a command to its end, whatever is sent to it on the way.
 * @param how.fileBlocks most blocks of 1,024 bytes in any file that it writes (`ulimit -f`)
 * @param how.lines its output is read by `head`, which goes after so many lines
 */
export async function call(
  argv: readonly string[],
  how: { send?: readonly Sent[]; fileBlocks?: number; lines?: number } = {},
): Promise<Ended> {
  const begun = performance.now();
  const child = start(argv, how);
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => (written[name] += text));
  }
  const ended = new AbortController();
  void send(child, how.send ?? [], ended.signal);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((end) =>
    child.once('close', (...how) => end(how)),
  );
  ended.abort();
  return { code, signal, ...written, milliseconds: performance.now() - begun };
}

async function send(child: ChildProcess, all: readonly Sent[], end: AbortSignal): Promise<void> {
  let past = 0;
  for (const { signal, after } of all) {
    const slept = await wait(after - past, true, { signal: end }).catch(() => false);
    if (!slept) return;
    child.kill(signal);
    past = after;
  }
}

function start(
  argv: readonly string[],
  { fileBlocks, lines }: { fileBlocks?: number; lines?: number },
): ChildProcess {
  const stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'pipe'];
  if (fileBlocks === undefined && lines === undefined) {
    return spawn(process.execPath, [program, ...argv], { stdio });
  }
  // `exec`, so that the kill would reach the command itself.
  const limited = `ulimit -f ${fileBlocks}; exec "$0" "$@"`;
  const piped = `"$0" "$@" | head -n ${lines}; exit "\${PIPESTATUS[0]}"`;
  const line = lines === undefined ? limited : piped;
  return spawn('bash', ['-c', line, process.execPath, program, ...argv], { stdio });
}
