/** `--dry-run` says what a run then does, and writes nothing. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.js';
import { call } from './harness.js';

const corrector = ['--corrector', 'corrector-arithmetic-s', '--threads', '1'];
const folder = (): string => mkdtempSync(join(tmpdir(), 'dry-'));

interface Plan {
  steps: { what: string; count: number; milliseconds: number | null }[];
  milliseconds: number | null;
  bytes: number;
  records: number;
}

async function plan(argv: string[], cwd = folder()): Promise<Plan> {
  const before = readdirSync(cwd);
  const { code, stdout, stderr } = await call([...argv, '--dry-run', '--json'], { cwd });
  expect([code, stderr]).toEqual([0, '']);
  expect(readdirSync(cwd)).toEqual(before);
  return JSON.parse(stdout) as Plan;
}

const countOf = ({ steps }: Plan, what: string): number | undefined =>
  steps.find((step) => step.what === what)?.count;

describe('--dry-run', () => {
  it('is an option of every command that takes long', async () => {
    const loaded = await Promise.all(commands.map(async ({ name, load }) => ({ name, ...(await load()) }))); // prettier-ignore
    const having = loaded.filter(({ options }) => 'dryRun' in options).map(({ name }) => name);
    expect(having).toEqual([
      ...['lat-scan', 'extract', 'sweep', 'causal', 'lens', 'evaluate', 'compare', 'rounds'],
      ...['reproduce', 'dataset'],
    ]);
  });

  it('counts the outputs that a lens then records, and times them', async () => {
    const cwd = folder();
    const argv = ['lens', ...corrector, '--limit', '3', '--out', 'lens'];
    const asked = await plan(argv, cwd);
    expect(asked.milliseconds).toBeGreaterThan(0);
    expect(asked.records).toBe(0);
    expect((await call(argv, { cwd })).code).toBe(0);
    const records = readFileSync(join(cwd, 'lens/records.jsonl'), 'utf8').trim().split('\n');
    const cases = records.filter((line) => line.includes('"kind":"case"'));
    expect(countOf(asked, 'finding copies and corrections')).toBe(cases.length);
    expect((await plan(argv, cwd)).records).toBe(records.length);
  }, 60_000);

  it('counts a sweep: problems × coefficients, and controls at five of them at most', async () => {
    const argv = ['sweep', '--mode', 'fixed', ...corrector, '--limit', '4', '--controls', '2'];
    const whole = await plan([...argv, '--control-problems', '3', '--layers', '9', '--scale', '1']);
    expect(countOf(whole, 'control directions')).toBe(3 * 5 * (2 + 3));
    const asked = await plan([...argv, '--coefficient', '-1,0,1', '--layers', '9', '--scale', '1']);
    expect(countOf(asked, 'sweeping')).toBe(4 * 3);
    expect(countOf(asked, 'fixing the fit range')).toBe(40 * 3);
    expect(countOf(asked, 'control directions')).toBe(4 * 3 * (2 + 3));
    expect(countOf(asked, 'choosing the scale')).toBeUndefined();
  }, 60_000);

  it('names what is not here, and does not download it', async () => {
    const { steps, milliseconds, ...rest } = await plan(['lens', '--corrector', 'org/none', '--limit', '2']); // prettier-ignore
    expect([steps.length, milliseconds]).toEqual([2, null]);
    expect(rest).toMatchObject({ note: expect.stringContaining('org/none') as string });
  });

  it('refuses what the run would refuse', async () => {
    const { code, stderr } = await call(['lens', '--problems', 'none.jsonl', '--dry-run'], { cwd: folder() }); // prettier-ignore
    expect([code, stderr]).toEqual([1, expect.stringContaining('none.jsonl')]);
  });

  it('lists the parts of reproduce, and the rows of a data set', async () => {
    const cwd = folder();
    const parts = await call(['reproduce', '--quick', '--only', 'lens', '--dry-run'], { cwd });
    expect(parts.stdout).toMatch(/lens-corrector-arithmetic-m +\d+ s\n/);
    expect(parts.stdout).not.toContain('rounds');
    const rows = await call(['dataset', 'written', '--count', '30', '--out', 'a.jsonl', '--dry-run'], { cwd }); // prettier-ignore
    expect(rows.stdout).toMatch(/30 rows at most to a\.jsonl/);
    expect(readdirSync(cwd)).toEqual([]);
  });
});
