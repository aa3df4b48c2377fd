/** Slurm arrays with a Slurm that is played: what is submitted, and what is submitted again. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { Arrays, arrayScript, type Run } from '../../src/machines/slurm.js';
import { temporaryFolder } from '../runtime/models.js';

const temporary = temporaryFolder();
afterAll(temporary.remove);
const options = {
  job: 'sweep-1a2b3c4d',
  store: temporary.path,
  folder: join(temporary.path, "a user's folder"),
  tasks: 4,
  worker: ['/usr/bin/echo', 'aligner-lab', 'worker'],
};

describe('arrayScript', () => {
  it('runs a worker in the folder of the run', () => {
    mkdirSync(options.folder, { recursive: true });
    const script = arrayScript({ ...options, sbatch: '--partition=gpu --time=4:00:00' });
    expect(script).toContain('\n#SBATCH --array=0-3\n');
    expect(script).toContain('\n#SBATCH --partition=gpu --time=4:00:00\n');
    const path = join(temporary.path, 'script.sh');
    writeFileSync(path, script);
    expect(execFileSync('sh', [path], { encoding: 'utf8' })).toBe(
      `aligner-lab worker --store ${temporary.path} --job sweep-1a2b3c4d --until-idle\n`,
    );
  });

  it('refuses more tasks than an array may have', () => {
    expect(arrayScript({ ...options, tasks: 1001 })).toContain('--array=0-1000\n');
    expect(() => arrayScript({ ...options, tasks: 1002 })).toThrow('slurm: 1002 tasks (expected 1 to 1001'); // prettier-ignore
    expect(() => arrayScript({ ...options, tasks: 0 })).toThrow('expected 1 to 1001');
  });
});

/** A Slurm whose tasks end as they are told to. */
function playedSlurm(): { run: Run; calls: string[]; left: { tasks: number; gone: boolean } } {
  const calls: string[] = [];
  const left = { tasks: 0, gone: false };
  const run: Run = (program, words) => {
    calls.push([program, ...words].join(' ').replaceAll(temporary.path, '…'));
    if (program === 'sbatch') {
      left.tasks += Number(/0-(\d+)/.exec(words.join(' '))?.[1]) + 1;
      return Promise.resolve(`${calls.length};cluster\n`);
    }
    if (left.gone)
      return Promise.reject(new Error('slurm_load_jobs error: Invalid job id specified'));
    return Promise.resolve('id\n'.repeat(left.tasks));
  };
  return { run, calls, left };
}

describe('Arrays', () => {
  it('submits what was killed again, and takes back what waits at the end', async () => {
    const { run, calls, left } = playedSlurm();
    const notes: string[] = [];
    const onNote = (text: string): void => void notes.push(text);
    await using arrays = await Arrays.submit(options, { run, every: 5, onNote });
    expect(readFileSync(join(temporary.path, 'slurm', 'sweep-1a2b3c4d.sh'), 'utf8')).toBe(arrayScript(options)); // prettier-ignore
    await wait(40);
    expect(calls.filter((line) => line.startsWith('sbatch'))).toHaveLength(1);
    left.tasks = 1;
    await wait(60);
    const submitted = calls.filter((line) => line.startsWith('sbatch'));
    expect(submitted).toEqual([
      'sbatch --parsable --array=0-3 …/slurm/sweep-1a2b3c4d.sh',
      'sbatch --parsable --array=0-2 …/slurm/sweep-1a2b3c4d.sh',
    ]);
    arrays.check();
    await arrays[Symbol.asyncDispose]();
    expect(calls.at(-1)).toMatch(/^scancel --state=PENDING 1 \d+$/);
    expect(notes[0]).toMatch(/^slurm: array 1, 4 tasks of /);
  });

  it('gives up where tasks end again and again', async () => {
    const { run, calls, left } = playedSlurm();
    left.gone = true;
    await using arrays = await Arrays.submit(options, { run, every: 5, onNote: () => undefined });
    await wait(150);
    expect(calls.filter((line) => line.startsWith('sbatch'))).toHaveLength(4);
    expect(() => arrays.check()).toThrow('slurm: all tasks have ended, 4 arrays of them, and units are left'); // prettier-ignore
  });

  it('without sbatch leaves the script to whoever has one, and says why one refuses', async () => {
    const notes: string[] = [];
    const onNote = (text: string): void => void notes.push(text);
    const failing = (code: string): Run => () => Promise.reject(Object.assign(new Error('no partition'), { code })); // prettier-ignore
    await using arrays = await Arrays.submit(options, { run: failing('ENOENT'), onNote });
    expect(notes).toEqual([`slurm: there is no sbatch here; submit ${join(temporary.path, 'slurm', 'sweep-1a2b3c4d.sh')} where there is one`]); // prettier-ignore
    arrays.check();
    await expect(Arrays.submit(options, { run: failing('1'), onNote })).rejects.toThrow(/sbatch refuses .*no partition/); // prettier-ignore
  });
});
