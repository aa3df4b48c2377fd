/** The command line of this process: its streams, its Ctrl-C, its exit code. */
import { text } from 'node:stream/consumers';
import type { Io } from './io.js';
import { run } from './run.js';
import { exitCodes } from './usage.js';

/**
 * Runs the process's own command line. The first Ctrl-C ends the command between two units of work,
 * so that what is done is kept; a second one kills it.
 */
export async function main(name: string): Promise<void> {
  const interruption = new AbortController();
  const interrupt = (): void => {
    if (interruption.signal.aborted) process.exit(exitCodes.interrupted);
    process.stderr.write('\naligner-lab: stopping after this step; Ctrl-C again kills\n');
    interruption.abort(new Error('interrupted'));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
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
