/** How processes end while models run: in order, with their message and code, whatever ends them. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../runtime/models.js';

const dist = (file: string): string =>
  fileURLToPath(new URL(`../../dist/${file}`, import.meta.url));
const lab = fileURLToPath(new URL('../../bin/aligner-lab.js', import.meta.url));

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

interface SpawnOptions {
  stdout?: 'pipe' | number;
  /** Called with all that was written so far. */
  onOutput?: (text: string, child: ReturnType<typeof spawn>) => void;
}

/** Runs Node to its end. */
function node(args: readonly string[], { stdout = 'pipe', onOutput }: SpawnOptions = {}) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', stdout, 'pipe'] });
  const written = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      written[stream] += text;
      onOutput?.(written[stream], child);
    });
  }
  return new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...written }));
  });
}

/** A program with a model in the middle of a run of about a second; `during` is what it does then. */
const program = (during: string): string[] => [
  '--input-type=module',
  '-e',
  `import { loadDecoder } from ${JSON.stringify(dist('runtime/load.js'))};
   const decoder = await loadDecoder({ model: 'corrector-arithmetic-s', threads: 1 });
   const tokens = (rows) => Array.from({ length: rows }, () => new Array(400).fill(7));
   await decoder.forward({ tokens: tokens(1) });
   const first = decoder.forward({ tokens: tokens(32) });
   const second = decoder.forward({ tokens: tokens(32) });
   const told = (request, name) => request.then(
     () => console.log(name, 'answered'),
     (error) => console.log(name, error.message),
   );
   const both = [told(first, 'first'), told(second, 'second')];
   await new Promise((resolve) => setTimeout(resolve, 100));
   ${during}`,
];

describe('a process with a model in the middle of a run', () => {
  it('waits for the run where the model is disposed, and gives up what comes after', async () => {
    const ended = await node(
      program(`await decoder[Symbol.asyncDispose]();
        await Promise.all(both);
        await told(decoder.forward({ tokens: tokens(1) }), 'third');`),
    );
    const refused = 'decoder: it was disposed; load the model again';
    expect(ended).toEqual({
      ...{ code: 0, signal: null, stderr: '' },
      stdout: `first answered\nsecond ${refused}\nthird ${refused}\n`,
    });
  });

  it.each([
    ['an error that nobody catches', `throw new Error('theirs: it went wrong')`, 1],
    ['process.exit', 'process.exit(3)', 3],
  ])('ends with the code of %s', async (_, during, code) => {
    const ended = await node(program(during));
    expect(ended).toMatchObject({ code, signal: null });
    expect(ended.stderr).not.toContain('terminate called');
    if (code === 1) expect(ended.stderr).toContain('theirs: it went wrong');
  });
});

const align = [lab, 'align', '--problem', 'test-0-17', '--threads', '1'];

describe('a command', () => {
  it('ends quietly when nobody reads on', async () => {
    const ended = await node(align, { onOutput: (_, child) => child.stdout?.destroy() });
    expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  it('says so when its results cannot be written', async () => {
    const full = openSync('/dev/full', 'w');
    const ended = await node(align, { stdout: full });
    closeSync(full);
    expect(ended).toMatchObject({ code: 1, signal: null });
    expect(ended.stderr).toMatch(/^aligner-lab: stdout: cannot write: the disk is full; .*\n$/);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends in order on %s, with %d', async (signal, code) => {
    let sent = false;
    const onOutput: SpawnOptions['onOutput'] = (_, child) => {
      sent ||= child.kill(signal);
    };
    const ended = await node(align, { onOutput });
    expect(ended).toMatchObject({ code, signal: null });
    expect(ended.stderr).toMatch(/stopping after this step.*\naligner-lab: interrupted; .*\n$/);
  });

  it('ends at once on a second Ctrl-C, and leaves no lock and no draft', async () => {
    const folder = temporaryFolder();
    // Opens both, and waits for ever.
    const waiting = `
      import { main } from ${JSON.stringify(dist('cli/main.js'))};
      import { commands } from ${JSON.stringify(dist('cli/commands.js'))};
      import { lockFolder } from ${JSON.stringify(dist('disk/lock.js'))};
      import { openDraft } from ${JSON.stringify(dist('disk/atomic.js'))};
      const folder = ${JSON.stringify(folder.path)};
      commands.push({ name: 'wait', summary: '', load: () => ({
        description: '', options: {}, examples: [],
        run: async () => {
          await lockFolder({ folder, purpose: 'wait' });
          await openDraft(folder + '/rows.jsonl');
          process.stderr.write('waiting');
          await new Promise((resolve) => setTimeout(resolve, 60_000));
        },
      }) });
      process.argv.push('aligner-lab', 'wait');
      await main('aligner-lab');`;
    const left: string[][] = [];
    let first = true;
    const onOutput: SpawnOptions['onOutput'] = (text, child) => {
      if (!first || !text.includes('waiting')) return;
      first = false;
      left.push(readdirSync(folder.path));
      child.kill('SIGINT');
      setTimeout(() => child.kill('SIGINT'), 700);
    };
    const ended = await node(['--input-type=module', '-e', waiting], { onOutput });
    left.push(readdirSync(folder.path));
    folder.remove();
    expect(ended).toMatchObject({ code: null, signal: 'SIGINT' });
    expect(left[0]?.map((name) => name.replace(/.*\./, '')).sort()).toEqual(['lock', 'tmp']);
    expect(left[1]).toEqual([]);
  });
});
