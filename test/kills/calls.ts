/** Commands as processes that can be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../bin/aligner-lab.js', import.meta.url));

export interface Ended {
  code: number | null;
  /** Whether it was killed. */
  killed: boolean;
  stderr: string;
  milliseconds: number;
}

/**
 * Runs a command to its end, or kills it (SIGKILL) after so many milliseconds.
 * @param how.fileBlocks most blocks of 1,024 bytes in any file that it writes (`ulimit -f`)
 */
export async function call(
  argv: readonly string[],
  how: { killAfter?: number; fileBlocks?: number } = {},
): Promise<Ended> {
  const begun = performance.now();
  const child = start(argv, how.fileBlocks);
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const timer =
    how.killAfter === undefined
      ? undefined
      : setTimeout(() => void child.kill('SIGKILL'), how.killAfter);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((end) =>
    child.once('close', (...how) => end(how)),
  );
  clearTimeout(timer);
  return { code, killed: signal === 'SIGKILL', stderr, milliseconds: performance.now() - begun };
}

function start(argv: readonly string[], fileBlocks: number | undefined): ChildProcess {
  const stdio = ['ignore', 'ignore', 'pipe'] as const;
  if (fileBlocks === undefined) return spawn(process.execPath, [program, ...argv], { stdio: [...stdio] }); // prettier-ignore
  // `exec`, so that the kill would reach the command itself.
  const line = `ulimit -f ${fileBlocks}; exec "$0" "$@"`;
  return spawn('bash', ['-c', line, process.execPath, program, ...argv], { stdio: [...stdio] });
}
