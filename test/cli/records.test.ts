/** Records of runs as Parquet, read back by hyparquet: what the lines say. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { afterAll, describe, expect, it } from 'vitest';
import { perEditMetric } from '../../src/text/editMetricTable.js';
import { temporaryFolder } from '../runtime/models.js';
import { call } from './harness.js';

const folder = temporaryFolder();
const cwd = folder.path;
afterAll(folder.remove);

const manifest = { options: {}, seeds: {}, versions: {}, device: 'cpu', inputs: [], started: '2025-01-01T00:00:00Z' }; // prettier-ignore

function writeRun(name: string, command: string, lines: readonly unknown[], torn = ''): void {
  mkdirSync(join(cwd, name), { recursive: true });
  writeFileSync(join(cwd, name, 'manifest.json'), JSON.stringify({ command, ...manifest }));
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('') + torn;
  writeFileSync(join(cwd, name, 'records.jsonl'), text);
}

const caseOf = (problem: string, more: object): object => ({
  ...{ kind: 'case', direction: 'tested', coefficient: -0.5, problem, rounds: 2 },
  ...{ ...perEditMetric(() => 0.25), lengthRatio: null, copyRate: 1, degenerate: 0 },
  ...more,
});
const cases = [
  caseOf('é\u0000"', { right: true, notes: { controls: 2 } }),
  caseOf('b', { right: null, direction: 'random-0' }),
];
const reading = {
  ...{ kind: 'lens', problem: 'c', label: 'copy' },
  layers: [{ settled: true, probability: 0.5, rank: 0, logOdds: null }],
};

async function opened(name: string): Promise<Awaited<ReturnType<typeof asyncBufferFromFile>>> {
  return await asyncBufferFromFile(join(cwd, name));
}

async function rowsIn(name: string): Promise<Record<string, unknown>[]> {
  return await parquetReadObjects({ file: await opened(name) });
}

/** What a row says, without what it has not. */
function told(row: Record<string, unknown> | undefined): object {
  return Object.fromEntries(Object.entries(row ?? {}).filter(([, value]) => value !== null));
}

/** The same of a record. */
function line(run: string, command: string, record: object): object {
  return told({ run, command, ...record });
}

describe('records', () => {
  it('of many runs, one of them unfinished, are the rows of one file', async () => {
    writeRun('runs/a', 'sweep', cases, '{"kind":"ca');
    writeRun('runs/paper/lens', 'reproduce lens', [reading]);
    writeRun('runs/other', 'of another version', [{ strange: 1 }]);
    const { code, stdout, stderr } = await call(['records', 'runs', '--json'], { cwd });
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^warning: runs\/other holds records of no experiment; left out\n$/);
    expect(JSON.parse(stdout)).toMatchObject({ records: 3, runs: 2 });
    const rows = await rowsIn('records.parquet');
    expect(rows.map(told)).toEqual([
      ...cases.map((record) => line('a', 'sweep', record)),
      line('paper/lens', 'reproduce lens', reading),
    ]);
  });

  it('have a column for every key of their shapes, of one type whatever is there', async () => {
    writeRun('one', 'sweep', [caseOf('b', { right: null })]);
    expect((await call(['records', 'one', '--out', 'one.parquet'], { cwd })).code).toBe(0);
    const { schema } = await parquetMetadataAsync(await opened('one.parquet'));
    const columns = new Map(
      parquetSchema({ schema }).children.map(({ element }) => [
        element.name,
        element.converted_type ?? element.type,
      ]),
    );
    for (const [name, type] of Object.entries({
      ...{ run: 'UTF8', kind: 'UTF8', direction: 'UTF8', problem: 'UTF8', mode: 'UTF8' },
      ...{ coefficient: 'DOUBLE', editRatio: 'DOUBLE', right: 'BOOLEAN', rounds: 'DOUBLE' },
      // A number in one kind of record, a list in another.
      ...{ scales: 'JSON', sentences: 'JSON', notes: 'JSON', unitValue: 'JSON' },
    })) {
      expect([name, columns.get(name)]).toEqual([name, type]);
    }
  });

  it('say where there are none, and which line is none', async () => {
    mkdirSync(join(cwd, 'bare'));
    const bare = await call(['records', 'bare'], { cwd });
    expect([bare.code, bare.stderr]).toEqual([1, expect.stringMatching(/records: no run in .*bare/)]); // prettier-ignore
    writeRun('torn', 'sweep', [cases[0], { kind: 'case' }]);
    const torn = await call(['records', 'torn', '--out', 'torn.parquet'], { cwd });
    expect(torn.code).toBe(1);
    expect(torn.stderr).toMatch(/torn\/records\.jsonl line 2/);
    expect(existsSync(join(cwd, 'torn.parquet'))).toBe(false);
    expect((await call(['records'], { cwd })).code).toBe(2);
  });
});
