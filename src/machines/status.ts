/** How a job stands, from what its machines say and hold. */
import type { OpenWork } from '../disk/leases.js';
import type { Job, JobState, Jobs, Report } from './jobs.js';
import type { Place } from './place.js';

export interface Machine extends Report {
  participant: string;
}

export interface JobStatus {
  job: Job;
  state: JobState;
  machines: Machine[];
  /** Units that are computed now, and where. */
  running: { unit: string; host: string; pid: number; since: string }[];
  /** Units that were tried in vain, and will be tried again or are given up. */
  failed: { unit: string; failures: string[] }[];
  /** Of the list of units that is worked on; null before one is. */
  progress: {
    kind: string;
    done: number;
    total: number;
    /** Units a second, by all machines; null before any is known. */
    rate: number | null;
    /** Milliseconds until the list is done at that rate. */
    left: number | null;
  } | null;
}

/** @throws where there is no such job. */
export async function statusOf(id: string, place: Place, jobs: Jobs): Promise<JobStatus | null> {
  const job = await jobs.find(id);
  if (!job) return null;
  const [state, reports, work] = [
    await jobs.stateOf(id),
    await jobs.reports(id),
    await place.work(),
  ];
  const machines = reports.map(({ participant, report }) => ({ participant, ...report }));
  const own = work.filter(({ attempt }) => attempt.run === job.run);
  return {
    ...{ job, state, machines },
    running: await runningOf(own, place),
    failed: own.flatMap(({ key, failures }) => (failures.length > 0 ? [{ unit: key, failures }] : [])), // prettier-ignore
    progress: progressOf(machines),
  };
}

async function runningOf(work: readonly OpenWork[], place: Place): Promise<JobStatus['running']> {
  const alive = await Promise.all(
    work.map(async ({ ended, attempt }) => !ended && !(await place.isDead(attempt.id))),
  );
  return work
    .filter((_, i) => alive[i])
    .map(({ key, attempt: { host, pid, since } }) => ({ unit: key, host, pid, since }));
}

/** The list that is furthest on: the machine that says so knows most. */
function progressOf(machines: readonly Machine[]): JobStatus['progress'] {
  const stands = machines.flatMap(({ state, stand }) =>
    state === 'works' && stand ? [stand] : [],
  );
  const [most] = [...stands].sort((a, b) => b.done / b.total - a.done / a.total);
  if (!most) return null;
  const { kind, done, total, first, milliseconds } = most;
  const rate = done > first && milliseconds > 0 ? (1000 * (done - first)) / milliseconds : null;
  return { kind, done, total, rate, left: rate === null ? null : (1000 * (total - done)) / rate };
}
