/** A Slurm of one machine in a temporary folder, made of the programs that are installed. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const daemons = ['munged', 'slurmctld', 'slurmd'] as const;
const commands = ['sbatch', 'squeue', 'scancel', 'sinfo'] as const;
const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
/** Not Slurm's own, where another may listen. */
const ports = { SlurmctldPort: 16_817, SlurmdPort: 16_818 };
const startTries = 60;

function programOf(name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find(existsSync);
}

/** What must be installed and is not. */
export function missingPrograms(): string[] {
  return [...daemons, ...commands].filter((name) => programOf(name) === undefined);
}

/** Runs until it is closed; the commands find it by `SLURM_CONF`, which is set here. */
export class Cluster implements AsyncDisposable {
  readonly #children: ChildProcess[] = [];
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * @param cpus tasks that run at once, whatever the machine has
   * @throws where it does not come up, with what its daemons said.
   */
  static async open(folder: string, cpus: number): Promise<Cluster> {
    const cluster = new Cluster(folder);
    ['state', 'spool'].forEach((name) => mkdirSync(join(folder, name), { recursive: true }));
    writeFileSync(join(folder, 'slurm.conf'), configuration(folder, cpus));
    writeFileSync(join(folder, 'munge.key'), randomBytes(128), { mode: 0o400 });
    process.env.SLURM_CONF = join(folder, 'slurm.conf');
    try {
      cluster.#begin('munged', ...mungeWords(folder));
      await wait(500);
      cluster.#begin('slurmctld', '-D', '-i');
      cluster.#begin('slurmd', '-D');
      await cluster.#ready();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  #begin(name: (typeof daemons)[number], ...words: string[]): void {
    const log = openSync(join(this.#folder, `${name}.log`), 'w');
    this.#children.push(spawn(programOf(name) ?? name, words, { stdio: ['ignore', log, log] }));
  }

  async #ready(): Promise<void> {
    for (let tries = 0; tries < startTries; tries++) {
      if (/^idle/m.test(ask('sinfo', '-h', '-o', '%T'))) return;
      await wait(500);
    }
    const said = daemons.map((name) => readFileSync(join(this.#folder, `${name}.log`), 'utf8'));
    throw new Error(`slurm: it does not come up\n${said.join('\n').slice(-3000)}`);
  }

  /** Ids of the tasks that run, one by one. */
  running(): string[] {
    return ask('squeue', '-h', '-r', '-t', 'RUNNING', '-o', '%A').split('\n').filter((id) => id !== ''); // prettier-ignore
  }

  /** As whoever runs out of memory is ended: Slurm itself is not asked to begin it again. */
  kill(id: string): void {
    ask('scancel', '--full', '--signal=KILL', id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    ask('scancel', '--user', userInfo().username);
    for (let tries = 0; tries < 20 && ask('squeue', '-h') !== ''; tries++) await wait(250);
    for (const child of this.#children.reverse()) {
      child.kill('SIGTERM');
      const over = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null) await Promise.race([over, wait(3000, null, { ref: false })]);
      child.kill('SIGKILL');
    }
  }
}

/** What a command of Slurm says; nothing where it fails. */
function ask(name: (typeof commands)[number], ...words: string[]): string {
  try {
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
    return execFileSync(programOf(name) ?? name, words, { encoding: 'utf8', stdio }).trim();
  } catch {
    return '';
  }
}

function mungeWords(folder: string): string[] {
  const files = { socket: 'munge.socket', 'key-file': 'munge.key', 'pid-file': 'munge.pid', 'log-file': 'munge.log', 'seed-file': 'munge.seed' }; // prettier-ignore
  const words = Object.entries(files).map(([option, name]) => `--${option}=${join(folder, name)}`);
  // Its folder is nobody else's, which it would warn of.
  return ['--foreground', '--force', ...words];
}

/** See slurm.conf(5). */
function configuration(folder: string, cpus: number): string {
  const [host = 'localhost'] = hostname().split('.');
  const user = userInfo().username;
  const lines: Record<string, string | number> = {
    ClusterName: 'proof',
    SlurmctldHost: `${host}(127.0.0.1)`,
    ...ports,
    AuthType: 'auth/munge',
    AuthInfo: `socket=${join(folder, 'munge.socket')}`,
    ...{ SlurmUser: user, SlurmdUser: user },
    StateSaveLocation: join(folder, 'state'),
    SlurmdSpoolDir: join(folder, 'spool'),
    SlurmctldPidFile: join(folder, 'slurmctld.pid'),
    SlurmdPidFile: join(folder, 'slurmd.pid'),
    // Nothing of the system's own is needed: no control groups, no accounts.
    ...{ ProctrackType: 'proctrack/linuxproc', TaskPlugin: 'task/none' },
    ...{ SelectType: 'select/cons_tres', SelectTypeParameters: 'CR_CPU' },
    SlurmdParameters: 'config_overrides',
    ReturnToService: 2,
    SchedulerParameters: 'sched_interval=5',
  };
  const own = `NodeName=${host} NodeAddr=127.0.0.1 CPUs=${cpus} State=UNKNOWN`;
  const queue = 'PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP';
  return [...Object.entries(lines).map(([key, value]) => `${key}=${value}`), own, queue, ''].join('\n'); // prettier-ignore
}
