/** Cases of one reader, one after the other, in one folder. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFileCase } from './cases.js';
import { faultOf, kindOf } from './law.js';
import { prepare, type Reader } from './reader.js';

export type Verdict =
  | { outcome: 'read' }
  /** `kind` is the message without names and numbers. */
  | { outcome: 'refused'; kind: string }
  | { outcome: 'fault'; reason: string };

export class Cases {
  readonly #reader: Reader;
  readonly #seed: string;
  readonly #folder: string;
  #damaged: string | null = null;

  /** @param folder of these cases alone */
  constructor(reader: Reader, { seed, folder }: { seed: string; folder: string }) {
    this.#reader = reader;
    this.#seed = seed;
    this.#folder = folder;
    prepare(reader, folder);
  }

  async run(i: number): Promise<Verdict> {
    const { specimen, bytes } = makeFileCase(this.#seed, i, this.#reader.specimens);
    return await this.judge(specimen.file, bytes);
  }

  /** What becomes of the file with this content. */
  async judge(file: string, bytes: Uint8Array): Promise<Verdict> {
    if (this.#damaged !== file) this.#mend();
    this.#damaged = file;
    writeFileSync(join(this.#folder, file), bytes);
    try {
      await this.#reader.read(this.#folder, file);
      return { outcome: 'read' };
    } catch (error) {
      const reason = faultOf(error, [file, ...(this.#reader.names ?? [])]);
      if (reason === null) return { outcome: 'refused', kind: kindOf(error) };
      return { outcome: 'fault', reason };
    }
  }

  /** Damages do not add up. */
  #mend(): void {
    if (this.#damaged === null) return;
    const path = join(this.#folder, this.#damaged);
    const sound = this.#reader.around?.[this.#damaged];
    if (sound === undefined) rmSync(path);
    else writeFileSync(path, sound);
  }
}
