/** What the commands are given: a part of the shipped stimuli, a run folder, a direction, rows. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateRows } from '../../src/data/dataset.js';
import type { AnnotatedQuadruple } from '../../src/data/types.js';
import { createRandom } from '../../src/math/random.js';
import { formatDirections } from '../../src/read/files/directionFile.js';
import type { StoredDirections } from '../../src/read/files/storedDirections.js';
import * as examples from '../experiment/examples.js';

/** From `build/`, where this runs. */
const shipped = fileURLToPath(
  new URL('../../../artifacts/stimuli/arithmetic-validation.jsonl', import.meta.url),
);

/** Writes them all into a folder. */
export function writeInputs(folder: string): void {
  const shippedRows = readFileSync(shipped, 'utf8').split('\n');
  const first = (count: number): string => `${shippedRows.slice(0, count).join('\n')}\n`;
  const write = (file: string, content: string | Uint8Array): void =>
    writeFileSync(join(folder, file), content);
  // So few that labelling is short.
  write('stimuli.jsonl', first(64));
  write('validation.jsonl', first(6));
  mkdirSync(join(folder, 'run'));
  for (const [kind, summary] of Object.entries(summaries)) {
    write(join('run', `${kind}.json`), JSON.stringify(summary));
  }
  write('direction.gguf', formatDirections(direction(), 'gguf'));
  const written = [...generateRows('written', { split: 'train', count: 4000, seed: 1 })];
  write('samples.jsonl', linesOf(written));
  write('answers.jsonl', linesOf((written as AnnotatedQuadruple[]).map(asAnswer)));
}

const summaries = {
  lens: examples.lensExample,
  sweep: examples.sweepExample,
  causal: examples.causalExample,
};

function linesOf(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

function asAnswer({ last, ...row }: AnnotatedQuadruple): object {
  return { ...row, answer: last };
}

/** As large as that of a large model: `convert` asks for none. */
function direction(): StoredDirections {
  const [layers, width] = [48, 4096];
  const vectors = new Float32Array(layers * width);
  for (let layer = 0; layer < layers; layer++) {
    vectors.set(createRandom(layer).unitVector(width), layer * width);
  }
  const explainedVariance = Array.from({ length: layers }, () => 0);
  return {
    directions: { method: 'pca', layers, width, vectors, explainedVariance },
    origin: { model: 'none', modelSha256: 'ab'.repeat(32), stimuliSha256: '', seed: '1' },
  };
}
