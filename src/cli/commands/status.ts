/** `aligner-lab status`: how shared runs stand. */
import { Jobs } from '../../machines/jobs.js';
import { statusOf, type JobStatus } from '../../machines/status.js';
import { isPassing } from '../../machines/away.js';
import { errorSentence } from '../../text/errorSentence.js';
import { shownName } from '../../text/given.js';
import { Table } from '../../text/table.js';
import { UsageError } from '../../text/usageError.js';
import { defineCommand, type Context } from '../command.js';
import { common } from '../common.js';
import { openThere, placeOptions } from '../place.js';
import { formatDuration } from '../progress.js';

export const status = defineCommand({
  description: `Says how runs stand that share a store: units done, where units run and since when, which failed and
why, the machines, and the time left. A unit that has failed or died three times in one run is given up:
it is not tried again before the command is given again.`,
  argument: { name: 'job', help: 'e.g. sweep-1a2b3c4d (default: all)', required: false },
  options: { ...placeOptions, ...common },
  examples: [
    ['aligner-lab status --store /shared/units', 'all jobs of the store'],
    ['aligner-lab status sweep-1a2b3c4d --store /shared/units --json', 'one, for a program'],
  ],
  async run({ options, argument, context }) {
    await using place = await openThere(options, context);
    const jobs = new Jobs(place.notes);
    const ids = argument === undefined ? await jobs.list() : [argument];
    const found: JobStatus[] = [];
    for (const id of ids) {
      const one = await statusOf(id, place, jobs).catch((error: unknown) => {
        // One that is damaged must not hide the others.
        if (argument !== undefined || isPassing(error)) throw error;
        context.warn(`${shownName(id)}: ${errorSentence(error)}`);
        return null;
      });
      if (one) found.push(one);
      else if (argument !== undefined) {
        throw new UsageError(`status: there is no job ${shownName(argument)}; without a name all are listed`); // prettier-ignore
      }
    }
    if (ids.length === 0) context.show('no jobs');
    found.forEach((one) => show(one, context));
    context.result(argument === undefined ? found : found[0]);
  },
});

function show(found: JobStatus, context: Context): void {
  const { job, state, machines, running, failed } = found;
  const why = state.reason === undefined ? '' : `: ${state.reason}`;
  context.show(`${job.id}  ${state.state}${why}, begun ${job.started} on ${job.host}`);
  if (state.state === 'open') context.show(`  ${progressLine(found)}`);
  const rows = machines.map(({ host, pid, state: does, since, reason = '' }) => [
    ...[`  ${host}`, String(pid), does, since, reason],
  ]);
  if (rows.length > 0) {
    context.show(new Table(['  machine', 'process', 'state', 'since', 'why'], rows));
  }
  for (const { unit, host, pid, since } of running) {
    context.show(`  running  ${short(unit)} on ${host}, process ${pid}, since ${since}`);
  }
  for (const { unit, failures } of failed) {
    context.show(`  failed   ${short(unit)} ${failures.length} times: ${failures.at(-1) ?? ''}`);
  }
}

function progressLine({ progress }: JobStatus): string {
  if (!progress) return 'no unit is known to be done yet';
  const { kind, done, total, rate, left } = progress;
  const pace = rate === null ? '' : `, ${rate.toPrecision(2)} a second`;
  const rest = left === null ? '' : `, about ${formatDuration(left)} left`;
  return `${done} of ${total} units of ${kind}${pace}${rest}`;
}

function short(unit: string): string {
  return `${unit.slice(0, 12)}…`;
}
