/** `aligner-lab cancel`: ends a shared run on every machine. */
import { Jobs } from '../../machines/jobs.js';
import { shownName } from '../../text/given.js';
import { UsageError } from '../../text/usageError.js';
import { defineCommand } from '../command.js';
import { common } from '../common.js';
import { openThere, placeOptions } from '../place.js';

export const cancel = defineCommand({
  description: `Ends a shared run: every machine stops after the unit it is at, the one that began the run with an
error. What is done stays in the store; the same command goes on from there.`,
  argument: { name: 'job', help: 'e.g. sweep-1a2b3c4d, as status shows it', required: true },
  options: { ...placeOptions, ...common },
  examples: [['aligner-lab cancel sweep-1a2b3c4d --store /shared/units', 'ends it everywhere']],
  async run({ options, argument = '', context }) {
    await using place = await openThere(options, context);
    const jobs = new Jobs(place.notes);
    const job = await jobs.find(argument);
    if (!job) {
      const known = await jobs.list();
      throw new UsageError(`cancel: there is no job ${shownName(argument)} (there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ') || 'none'})`); // prettier-ignore
    }
    const { state } = await jobs.stateOf(job.id);
    if (state === 'open') await jobs.end(job.id, 'cancelled');
    const said =
      state === 'open'
        ? 'cancelled; the same command goes on from there'
        : `not open any more (${state})`;
    context.show(`job ${job.id}: ${said}`);
    context.result({ job: job.id, state: state === 'open' ? 'cancelled' : state });
  },
});
