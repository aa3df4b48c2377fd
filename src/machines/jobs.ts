/** Jobs: what a command asks other machines to help with, how it stands, and who works on it. */
import { z } from 'zod';
import { checked } from '../shape/check.js';
import { Cancelled, HelpEnds } from '../record/claims.js';
import type { Notes } from './notes.js';
import type { Stand, Told } from './told.js';

const hash = z.string().regex(/^[0-9a-f]+$/);

/** A command as another machine can open it, and what it must find there. */
export const jobShape = z.strictObject({
  id: z.string(),
  /** Another one each time that the command is given. */
  run: z.string(),
  command: z.string(),
  /** As parsed; those of this machine alone are left out. */
  options: z.record(z.string(), z.unknown()),
  /** Cores of the first machine: models in one copy run on as many threads everywhere. */
  cores: z.int().min(1),
  versions: z.record(z.string(), z.string()),
  /** SHA-256 of models, files and data, by what they are to the run. */
  inputs: z.record(z.string(), hash),
  device: z.string(),
  host: z.string(),
  pid: z.int(),
  started: z.string(),
});
export type Job = z.infer<typeof jobShape>;

export const jobStates = ['open', 'done', 'failed', 'cancelled'] as const;

export const stateShape = z.strictObject({
  state: z.enum(jobStates),
  /** ISO 8601, by the clock of whoever said so. */
  at: z.string(),
  reason: z.string().optional(),
});
export type JobState = z.infer<typeof stateShape>;

/** What a machine says of its part in a job. */
export const reportShape = z.strictObject({
  host: z.string(),
  pid: z.int(),
  /** `declined`: it cannot help. */
  state: z.enum(['works', 'declined', 'failed', 'left']),
  reason: z.string().optional(),
  since: z.string(),
  /** Of the list of units that it is at; `first` when the list was begun here. */
  stand: z
    .strictObject({
      kind: z.string(),
      done: z.int(),
      total: z.int(),
      first: z.int(),
      milliseconds: z.number(),
    })
    .optional(),
});
export type Report = z.infer<typeof reportShape>;

const partOf = (participant: string): string => `by-${participant}`;

/** The jobs of one store. */
export class Jobs {
  readonly #notes: Notes;

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  /** Asks for help; one of the same id is begun anew. */
  async publish(job: Job): Promise<void> {
    await this.#notes.remove(job.id);
    await this.#notes.write(`${job.id}/job`, job);
  }

  async list(): Promise<string[]> {
    return await this.#notes.list();
  }

  /** Null where there is none of that name. @throws where its note is damaged. */
  async find(id: string): Promise<Job | null> {
    const found = await this.#notes.read(`${id}/job`);
    return found === undefined ? null : checked(jobShape, found, `job ${id}`);
  }

  async stateOf(id: string): Promise<JobState> {
    const found = await this.#notes.read(`${id}/state`);
    if (found === undefined) return { state: 'open', at: '' };
    return checked(stateShape, found, `job ${id}: its state`);
  }

  async end(id: string, state: JobState['state'], reason?: string): Promise<void> {
    const at = new Date().toISOString();
    await this.#notes.write(`${id}/state`, { state, at, ...(reason !== undefined && { reason }) });
  }

  async report(id: string, participant: string, report: Report): Promise<void> {
    await this.#notes.write(`${id}/${partOf(participant)}`, report);
  }

  async reports(id: string): Promise<{ participant: string; report: Report }[]> {
    const names = (await this.#notes.list(id)).filter((name) => name.startsWith('by-'));
    const read = names.map(async (name) => {
      // A damaged one tells nothing; the machine writes the next.
      const note = await this.#notes.read(`${id}/${name}`).catch(() => undefined);
      const found = reportShape.safeParse(note);
      return found.success ? [{ participant: name.slice(3), report: found.data }] : [];
    });
    return (await Promise.all(read)).flat();
  }
}

export interface Participant {
  /** Of the process, as its leases name it. */
  id: string;
  host: string;
  pid: number;
}

/** How often a machine looks whether the job is cancelled, and says how far it is. */
const oftenMilliseconds = 1000;

/** One machine's part in one job: it hears of a cancel, and its reports are written now and then. */
export class Part implements Told {
  readonly #jobs: Jobs;
  readonly #job: string;
  readonly #who: Participant;
  readonly #since = new Date().toISOString();
  #looked = -Infinity;
  #cancelled: JobState | null = null;
  #stand: (Stand & { first: number; began: number }) | null = null;
  #written = -Infinity;
  #writing: Promise<void> = Promise.resolve();

  constructor(jobs: Jobs, job: string, who: Participant) {
    this.#jobs = jobs;
    this.#job = job;
    this.#who = who;
  }

  async check(): Promise<void> {
    const now = performance.now();
    if (now - this.#looked > oftenMilliseconds) {
      this.#looked = now;
      const found = await this.#jobs.stateOf(this.#job);
      if (found.state === 'cancelled') this.#cancelled = found;
      // Whoever asked has everything, and told so.
      if (found.state === 'done') throw new HelpEnds();
    }
    if (this.#cancelled) {
      throw new Cancelled(`job ${this.#job}: it was cancelled at ${this.#cancelled.at}; what is done is kept`); // prettier-ignore
    }
  }

  tell(stand: Stand): void {
    const now = performance.now();
    const same = this.#stand?.kind === stand.kind && this.#stand.total === stand.total;
    const { first, began } = same && this.#stand ? this.#stand : { first: stand.done, began: now };
    this.#stand = { ...stand, first, began };
    if (now - this.#written < oftenMilliseconds) return;
    this.#written = now;
    // A note that cannot be written costs nobody anything.
    this.#writing = this.report('works').catch(() => undefined);
  }

  async report(state: Report['state'], reason?: string): Promise<void> {
    await this.#writing;
    const { id, host, pid } = this.#who;
    const stand = this.#stand;
    await this.#jobs.report(this.#job, id, {
      ...{ host, pid, state, since: this.#since },
      ...(reason !== undefined && { reason }),
      ...(stand && {
        stand: {
          ...{ kind: stand.kind, done: stand.done, total: stand.total, first: stand.first },
          milliseconds: Math.round(performance.now() - stand.began),
        },
      }),
    });
  }
}
