/**
 * `npm run gpu:table`: writes the measurements in `results/` into docs/cuda.md, between its marks.
 * No number stands there that is not in a results file.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measurementTables } from './tables.js';
import type { ResultFiles } from './tables.js';

const [, , folder = 'bench/gpu/results', page = 'docs/cuda.md'] = process.argv;
const [from, to] = ['<!-- measurements -->', '<!-- end of measurements -->'];

const read = (stage: string): object | null => {
  const device = stage === 'webgpu' ? 'webgpu' : 'cuda';
  const file = join(folder, `${stage}-${device}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : null;
};
const stages = ['speed', 'parity', 'profile', 'kernels', 'commands', 'webgpu'] as const;
const files = Object.fromEntries(stages.map((stage) => [stage, read(stage)]));
const text = readFileSync(page, 'utf8');
const [before, rest] = text.split(from);
const after = rest?.split(to)[1];
if (before === undefined || after === undefined) {
  throw new Error(`table: ${page} lacks its marks (expected ${from} and ${to})`);
}
const tables = measurementTables(files as unknown as ResultFiles);
writeFileSync(page, `${before}${from}\n\n${tables}\n\n${to}${after}`);
