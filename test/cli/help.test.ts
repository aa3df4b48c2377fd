/** What a newcomer reads: help, usage errors, exit codes. */
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.js';
import { flagFor, flagOf } from '../../src/cli/options.js';
import { helpOf } from '../../src/shape/options.js';
import { call } from './harness.js';

const cwd = tmpdir();

describe('help', () => {
  it('lists every command, with its summary', async () => {
    const { code, stdout } = await call(['--help'], { cwd });
    expect(code).toBe(0);
    for (const { name } of commands) expect(stdout).toContain(`\n  ${name} [options]`);
  });

  it('is shown where no command is given', async () => {
    expect(await call([], { cwd })).toEqual(await call(['--help'], { cwd }));
  });

  it.each(commands.map(({ name }) => name))(
    'of %s has every option and an example',
    async (name) => {
      const { code, stdout } = await call([name, '--help'], { cwd });
      const command = await commands.find((known) => known.name === name)?.load();
      expect(code).toBe(0);
      for (const [key, shape] of Object.entries(command?.options ?? {})) {
        expect(stdout).toContain(flagFor(key, shape));
        for (const alias of helpOf(shape).aliases ?? []) {
          expect(stdout).not.toMatch(new RegExp(`^  ${flagOf(alias)} `, 'm'));
        }
      }
      expect(stdout).toMatch(/Examples:\n {2}(aligner-lab|npx|lat-scan|echo|source)/);
    },
  );

  it('of lat-scan says what a LAT scan is and what is written, under its own name too', async () => {
    const { stdout } = await call(['--help'], { cwd, name: 'lat-scan' });
    expect(stdout).toMatch(/^Usage: lat-scan \[options\]/);
    for (const word of ['linear artificial tomography', 'copy', 'scan.json', 'scan.html']) {
      expect(stdout.replace(/\s+/g, ' ')).toContain(word);
    }
  });

  it('the version is the package’s', async () => {
    const { code, stdout } = await call(['--version'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('usage errors exit with 2, in one line', () => {
  const cases: [string, string[], RegExp][] = [
    ['an unknown command', ['scan'], /unknown command 'scan'.*commands are lat-scan, /],
    ['an unknown option', ['lat-scan', '--layer', '3'], /unknown option '--layer'.*lat-scan has --corrector, .*--json/],
    ['a missing value', ['lat-scan', '--tokens'], /--tokens <n>.*argument missing/],
    ['too large a number', ['serve', '--port', '99999'], /--port: expected a whole number from 0 to 65535, got "99999"/],
    ['no number', ['lat-scan', '--tokens', 'x'], /--tokens: expected a whole number from 1, got "x"/],
    ['a number too small', ['lat-scan', '--tokens', '0'], /from 1, got "0"/],
    ['an unknown choice', ['lat-scan', '--method', 'svd'], /--method: unknown value "svd" \(expected one of pca, pca-uncentered, /],
    ['an empty grid', ['sweep', '--coefficients', ''], /--coefficients: empty/],
    ['a grid with a hole', ['sweep', '--coefficients', '-1,,1'], /--coefficients: expected a number, got ""/],
    ['an unknown kind', ['dataset', 'poems'], /unknown kind "poems" \(expected one of problems, corpus, /],
    ['a missing argument', ['dataset'], /missing required argument 'kind'/],
    ['a missing file', ['dataset', 'annotate'], /annotate needs --sentences/],
    ['no question', ['align'], /no question/],
    ['two questions', ['align', 'How many?', '--problem', 'test-0-1'], /not both/],
  ]; // prettier-ignore

  it.each(cases)('%s', async (_, argv, message) => {
    const { code, stdout, stderr } = await call(argv, { cwd });
    expect(stderr).toMatch(/^aligner-lab: [^\n]+\n$/);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

describe('one thing has one name', () => {
  it('in every command', async () => {
    const loaded = await Promise.all(commands.map(async (entry) => ({ name: entry.name, ...(await entry.load()) }))); // prettier-ignore
    const having = (flag: string): string[] =>
      loaded
        .filter(({ options }) => Object.entries(options).some(([key, shape]) => flagFor(key, shape) === flag))
        .map(({ name }) => name); // prettier-ignore
    expect(having('--corrector')).toEqual([
      ...['lat-scan', 'extract', 'sweep', 'causal', 'lens', 'evaluate', 'compare', 'rounds'],
      ...['align', 'serve', 'play', 'calibrate', 'reproduce'],
    ]);
    expect(having('--model')).toEqual(['generate', 'convert']);
    expect(having('--problems')).toEqual(['sweep', 'causal', 'lens', 'evaluate', 'reproduce']);
    expect(having('--questions')).toEqual([
      ...['evaluate', 'compare', 'rounds', 'calibrate', 'reproduce'],
    ]);
    expect(having('--max-rounds')).toEqual([
      'evaluate',
      'compare',
      'rounds',
      'align',
      'serve',
      'play',
    ]);
    for (const old of [
      'correctors',
      'aligners',
      'experts',
      'quadruples',
      'dataset',
      'coefficients',
    ]) {
      expect(having(flagOf(old)), old).toEqual([]);
    }
  });

  it.each([
    [['lat-scan', '--model', 'no-such'], '--model is called --corrector now'],
    [['compare', '--correctors', 'no-such'], '--correctors is called --corrector now'],
    [['sweep', '--corrector', 'no-such', '--coefficients', '0'], '--coefficients is called --coefficient now'],
    [['evaluate', '--quadruples', 'no-such.jsonl'], '--quadruples is called --problems now'],
  ])('%j works still, with a note', async (argv, note) => {
    const { code, stderr } = await call(argv, { cwd });
    expect([code, stderr]).toEqual([1, expect.stringMatching(`^note: ${note}\n`)]);
    expect(stderr).toContain('no-such');
  }); // prettier-ignore

  it('and two names of it at once are refused', async () => {
    const { code, stderr } = await call(['lens', '--model', 'a', '--corrector', 'b'], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringContaining('--model: is another name of --corrector')]); // prettier-ignore
  });
});

describe('completion', () => {
  it('knows every command and option, and the choices of those that have few', async () => {
    const { code, stdout } = await call(['completion', 'bash'], { cwd });
    expect(code).toBe(0);
    for (const { name } of commands) expect(stdout).toContain(name);
    const sweep = await commands.find(({ name }) => name === 'sweep')?.load();
    const line = stdout.split('\n').find((given) => given.includes(' sweep:*)')) ?? '';
    for (const [key, shape] of Object.entries(sweep?.options ?? {})) {
      expect(line).toContain(flagFor(key, shape));
    }
    expect(stdout).toContain("sweep:--mode) words='loop fixed' ;;");
    // Names of files are the shell's own to complete.
    expect(stdout).toContain("sweep:--problems) words='' ;;");
  });

  it('of fish has a line per option', async () => {
    const { stdout } = await call(['completion', 'fish'], { cwd });
    expect(stdout).toContain("'__fish_seen_subcommand_from sweep' -l mode -x -a 'loop fixed'");
    expect(stdout).toMatch(/from sweep' -l problems -r$/m);
    expect(stdout).toMatch(/from sweep' -l json$/m);
  });

  it('names the shells where another is asked for', async () => {
    const { code, stderr } = await call(['completion', 'csh'], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringContaining('bash, zsh, fish')]);
  });
});

describe('help as a word', () => {
  it('is the help of the command, or of all', async () => {
    expect(await call(['help', 'sweep'], { cwd })).toEqual(
      await call(['sweep', '--help'], { cwd }),
    );
    expect(await call(['help'], { cwd })).toEqual(await call(['--help'], { cwd }));
  });

  it('names a command that there is not', async () => {
    const { code, stderr } = await call(['help', 'swep'], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringContaining("unknown command 'swep'")]);
  });
});
