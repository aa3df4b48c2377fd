/** The process of the peers: a line asked, a line answered. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../bench/peers/peer.py', import.meta.url));

export class Peer {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  #said = '';

  constructor(python: string) {
    this.#process = spawn(python, [program]);
    // What llama.cpp says of every slot is of no use here.
    this.#process.stderr.on(
      'data',
      (chunk: Buffer) => (this.#said = `${this.#said}${chunk.toString()}`.slice(-2000)),
    );
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** @throws where the process ended */
  async ask<T extends object>(work: string, given: object): Promise<T & { ms: number }> {
    this.#process.stdin.write(`${JSON.stringify({ work, ...given })}\n`);
    const line = await this.#answers.next();
    if (line.done === true) {
      throw new Error(`peers: the process ended while it did ${work}:\n${this.#said}`);
    }
    return JSON.parse(line.value) as T & { ms: number };
  }

  close(): void {
    this.#process.stdin.end();
  }
}
