/**
 * The stage `commands`: the commands as a user runs them, from start to end, on the device and on
 * the CPU; the main figures of both side by side.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, root, workFile } from './context.js';
import type { Context } from './context.js';
import { mainFigures } from './figures.js';
import type { Figures } from './figures.js';
import { describeMachine } from './machine.js';
import type { Machine } from './machine.js';
import { readResult, withEntry, writeResult } from './results.js';
import { relativeDifference } from './bounds.js';

interface CommandRun {
  /** `<command> on <device>` */
  name: string;
  command: string;
  exit: number | null;
  /** Wall time of the process. */
  seconds: number;
  figures: Figures;
  /** Made on another machine, and merged here for the comparison. */
  elsewhere?: true;
  /** The end of stderr, where it failed. */
  error: string | null;
}

interface CommandsFile {
  machine: Machine;
  runs: CommandRun[];
  /** By command: each figure's largest difference between the devices, or whether texts are equal. */
  differences: Record<string, Record<string, number | boolean>>;
}

interface Command {
  name: string;
  program: 'lat-scan' | 'aligner-lab';
  arguments: readonly string[];
  /** Whether it takes a device, and where its summary is; null: on stdout. */
  device: boolean;
  summary: 'scan.json' | 'sweep.json' | null;
}

/** Seconds after which a command is given up. */
const most = 300;

const sweep = ['sweep', '--mode', 'fixed', '--limit', '20'];
const list: readonly Command[] = [
  { name: 'doctor', program: 'aligner-lab', arguments: ['doctor', '--json'], device: false, summary: null }, // prettier-ignore
  { name: 'align', program: 'aligner-lab', arguments: ['align', '--problem', 'test-0-17', '--json'], device: true, summary: null }, // prettier-ignore
  { name: 'lat-scan', program: 'lat-scan', arguments: [], device: true, summary: 'scan.json' },
  { name: 'sweep', program: 'aligner-lab', arguments: sweep, device: true, summary: 'sweep.json' },
];

/**
 * @param devices `cuda`, then `cpu`: what is cut off is the comparison, not the device
 * @param merge a results file of another machine: its runs stand in for those not made here
 */
export function runCommands(
  context: Context,
  devices: readonly string[],
  merge: string | undefined,
): boolean {
  const machine = describeMachine(context);
  let runs = readResult<CommandsFile>(context, 'commands', machine)?.runs ?? [];
  for (const run of merge === undefined ? [] : readJson<CommandsFile>(merge).runs) {
    if (runs.every(({ name }) => name !== run.name)) runs = [...runs, { ...run, elsewhere: true }];
  }
  const save = (): void => {
    writeResult(context, 'commands', { machine, runs, differences: compareDevices(runs) });
  };
  for (const device of devices) {
    for (const command of list) {
      const name = `${command.name} on ${device}`;
      if (!command.device && device !== devices[0]) continue;
      if (
        !context.again &&
        runs.some((run) => run.name === name && run.exit === 0 && !run.elsewhere)
      )
        continue;
      const run = runCommand(context, command, device);
      context.log(`${name}: exit ${run.exit}, ${run.seconds.toFixed(1)} s ${run.error ?? ''}`);
      runs = withEntry(runs, { name, ...run });
      save();
    }
  }
  save();
  return runs.every(({ exit }) => exit === 0);
}

function runCommand(context: Context, command: Command, device: string): Omit<CommandRun, 'name'> {
  const { name, program, summary } = command;
  const out = workFile(context, 'commands', `${name}-${device}`);
  rmSync(out, { recursive: true, force: true });
  const given = [
    ...command.arguments,
    ...(command.device ? ['--device', device] : []),
    ...(summary === null ? [] : ['--out', out]),
  ];
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'bin', `${program}.js`), ...given],
    { encoding: 'utf8', cwd: context.work, maxBuffer: 2 ** 28, timeout: 1000 * most },
  );
  const seconds = (performance.now() - start) / 1000;
  const error = status === 0 ? null : stderr.slice(-2000);
  return {
    ...{ command: [program, ...given].join(' '), exit: status, seconds, error },
    figures: mainFigures(name, () => (summary === null ? JSON.parse(stdout) : readJson(join(out, summary)))), // prettier-ignore
  };
}

function compareDevices(runs: readonly CommandRun[]): CommandsFile['differences'] {
  const pairs = list.map(({ name }) => {
    const [first, second] = runs.filter((run) => run.name.startsWith(`${name} on `));
    if (!first || !second) return [name, {}] as const;
    const figures = Object.entries(first.figures).map(([figure, ours]) => {
      const theirs = second.figures[figure];
      const both = Array.isArray(ours) && Array.isArray(theirs);
      return [
        figure,
        both ? relativeDifference(numbers(ours), numbers(theirs)) : ours === theirs,
      ] as const;
    });
    return [name, Object.fromEntries(figures)] as const;
  });
  return Object.fromEntries(pairs.filter(([, found]) => Object.keys(found).length > 0));
}

/** What has no value has none on both devices, or differs. */
function numbers(values: readonly (number | null)[]): number[] {
  return values.map((value) => value ?? -1);
}
