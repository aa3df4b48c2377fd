/** The command line of this process: its streams, its Ctrl-C, its exit code. */
import { addAbortSignal } from 'node:stream';
import { text } from 'node:stream/consumers';
import { StringDecoder } from 'node:string_decoder';
import { removeOwnFiles } from '../disk/ownFiles.js';
import { errorSentence, reasonOf } from '../text/errorSentence.js';
import { show } from '../text/show.js';
import { exitCodes } from './exitCodes.js';
import { Interrupted, OutputClosed, OutputFailed, type Io, type Output } from './io.js';
import { run } from './run.js';

/** A launcher (npx, timeout) may pass on the Ctrl-C that the process has had itself. */
const echoMilliseconds = 500;

/** What is still open so long after the end is not waited for. */
const lastMilliseconds = 10_000;

const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs the process's own command line. The first Ctrl-C ends the command between two units of work,
 * so that what is done is kept; a second one kills it.
 */
export async function main(name: string): Promise<void> {
  const ending = new AbortController();
  listenForSignals(ending);
  const ends = listenForOutput(ending);
  const stray = listenForStrayErrors();
  const code = await run(process.argv.slice(2), processIo(ending.signal, ends), name);
  process.exitCode = await endingOf(code, { ending: ending.signal, stray: stray() });
  // A connection that a library has left open must not keep a command that is over.
  setTimeout(() => process.exit(), lastMilliseconds).unref();
}

function listenForSignals(ending: AbortController): void {
  let first: number | null = null;
  const interrupt = (signal: NodeJS.Signals): void => {
    if (first === null) {
      first = performance.now();
      process.stderr.write('\naligner-lab: stopping after this step; Ctrl-C again kills\n');
      ending.abort(new Interrupted(signal));
    } else if (performance.now() - first > echoMilliseconds) {
      removeOwnFiles();
      stopListening();
      process.kill(process.pid, signal);
    }
  };
  // By the signal itself, which tears nothing down: an exit waits for models that run.
  const stopListening = (): void => signals.forEach((name) => process.removeAllListeners(name));
  signals.forEach((name) => process.on(name, interrupt));
  process.once('exit', removeOwnFiles);
  process.once('exit', stopListening);
}

/** What becomes of lines that cannot be written. */
interface OutputEnds {
  outlive: NonNullable<Io['outlive']>;
  /** Told of every line, since a stream tells of several in one turn but once. */
  onLine: Written;
}

/** A reader that has seen enough (`| head`) ends the command, and is no fault; a full disk is one. */
function listenForOutput(ending: AbortController): OutputEnds {
  let lost: ((error: OutputFailed) => void) | null = null;
  const failure = (error: Error): OutputFailed =>
    new OutputFailed(`stdout: cannot write: ${reasonOf(error)}`);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') ending.abort(new OutputClosed());
    else if (!lost) ending.abort(failure(error));
  });
  // Whoever reads no warnings may still want the results.
  process.stderr.on('error', () => undefined);
  return {
    outlive: (tell) => void (lost = tell),
    onLine: (error) => (error ? lost?.(failure(error)) : undefined),
  };
}

/**
 * Errors that no caller waited for. One thrown in a timer or an event ends the process at once. One
 * of a promise is told at the end, if nothing else went wrong: it may come of the very error that
 * is on its way to the caller.
 * @returns what tells the end of the run, and gives the first such error, if there was one
 */
function listenForStrayErrors(): () => { error: unknown } | null {
  let first: { error: unknown } | null = null;
  let ended = false;
  process.on('unhandledRejection', (error) => void (first ??= { error }));
  process.on('uncaughtException', (error) => {
    process.exit(tell(error));
  });
  process.once('exit', () => {
    // Nothing is left to do, and the command still waits.
    if (!ended && process.exitCode !== exitCodes.failed) {
      process.exitCode = tell(first?.error ?? new Error('the command ended before it was done'));
    }
  });
  return () => {
    ended = true;
    return first;
  };
}

function tell(error: unknown): number {
  process.stderr.write(`aligner-lab: ${errorSentence(error)}\n`);
  if (process.argv.includes('--debug') && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`);
  }
  return exitCodes.failed;
}

/** What the process ends with, once all that was written is out. */
async function endingOf(
  code: number,
  { ending, stray }: { ending: AbortSignal; stray: { error: unknown } | null },
): Promise<number> {
  await new Promise<void>((resolve) => process.stdout.write('', () => setImmediate(resolve)));
  if (code !== exitCodes.done) return code;
  const late: unknown = ending.reason;
  if (late instanceof OutputFailed) return tell(late);
  return stray === null ? code : tell(stray.error);
}

type Written = (error?: Error | null) => void;

/**
 * A stream of the process. What others write to it (libraries, worker threads), who know nothing of
 * {@link show}, is shown as well.
 */
function output(stream: NodeJS.WriteStream, onLine: Written = () => undefined): Output {
  const write = stream.write.bind(stream);
  const decoder = new StringDecoder('utf8');
  const shown = (chunk: string | Uint8Array): string =>
    show(typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk)));
  stream.write = (chunk: string | Uint8Array, how?: BufferEncoding | Written, then?: Written) =>
    write(shown(chunk), 'utf8', typeof how === 'function' ? how : then);
  return {
    write: (line) => void write(line, onLine),
    isTTY: stream.isTTY,
    columns: stream.columns,
  };
}

function processIo(signal: AbortSignal, { outlive, onLine }: OutputEnds): Io {
  return {
    stdout: output(process.stdout, onLine),
    stderr: output(process.stderr),
    outlive,
    env: process.env,
    cwd: process.cwd(),
    signal,
    readStdin: () =>
      process.stdin.isTTY ? Promise.resolve(null) : text(addAbortSignal(signal, process.stdin)),
  };
}
