/** The command line of this process: its streams, its Ctrl-C, its exit code. */
import { text } from 'node:stream/consumers';
import type { Io } from './io.js';
import { run } from './run.js';
import { exitCodes } from './exitCodes.js';

/** A launcher (npx, timeout) may pass on the Ctrl-C that the process has had itself. */
const echoMilliseconds = 500;

/**
 * Runs the process's own command line. The first Ctrl-C ends the command between two units of work,
 * so that what is done is kept; a second one kills it.
 */
export async function main(name: string): Promise<void> {
  const interruption = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  let first = 0;
  const interrupt = (signal: NodeJS.Signals): void => {
    if (!interruption.signal.aborted) {
      first = performance.now();
      process.stderr.write('\naligner-lab: stopping after this step; Ctrl-C again kills\n');
      interruption.abort(new Error('interrupted'));
    } else if (performance.now() - first > echoMilliseconds) {
      // By the signal itself: an exit would tear models down in the middle of a run, and crash.
      signals.forEach((name) => process.removeAllListeners(name));
      process.kill(process.pid, signal);
    }
  };
  signals.forEach((name) => process.on(name, interrupt));
  // A reader that has seen enough (`| head`) is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.done);
    throw error;
  });
  process.exitCode = await run(process.argv.slice(2), processIo(interruption.signal), name);
}

function processIo(signal: AbortSignal): Io {
  const output = (stream: NodeJS.WriteStream): Io['stdout'] => ({
    write: (line) => void stream.write(line),
    isTTY: stream.isTTY,
    columns: stream.columns,
  });
  return {
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    env: process.env,
    cwd: process.cwd(),
    signal,
    readStdin: () => (process.stdin.isTTY ? Promise.resolve(null) : text(process.stdin)),
  };
}
