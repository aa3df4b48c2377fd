/** The run of an experiment's command: its folder, records, summaries, figures and words. */
import type { Experiment, Outcome } from '../experiment/shared/experiment.js';
import { withModelWarnings } from '../experiment/shared/modelWarnings.js';
import type { Page } from '../plot/page/page.js';
import type { Context } from './command.js';
import type { OfEvery } from './experimentOptions.js';
import { prepareFigures } from './figures.js';
import { labOf } from './lab.js';
import { openMachines } from './machines.js';
import { configureRun, openCommandRun, recordAll, runName } from './runFolder.js';
import type { Traffic } from '../wire/meter.js';
import { describeTraffic, recordTraffic } from './servers.js';

/** @param command its name */
export async function runExperiment(
  command: string,
  experiment: Experiment,
  options: OfEvery,
  context: Context,
): Promise<void> {
  const writeFigures = prepareFigures(options, context);
  await using machines = await openMachines(options, context);
  // The entry's own options are among them, read by its own shapes.
  const lab = labOf(options, context, { store: machines.store });
  await using opened = await experiment.open(options as never, lab);
  const { models, files } = opened;
  const configuration = await configureRun({ command, options, models, files });
  const asked = { command, options, models, files, record: experiment.record, configuration };
  await using run = await openCommandRun(asked, context);
  if (run.records.length > 0) context.warn(`${run.records.length} records were there already`);
  const job = { ...configuration, id: runName(configuration), options };
  const work = machines.during(job, () => recordAll(run, opened.run(run)));
  const outcome = withModelWarnings(await work, models);
  const traffic = lab.traffic();
  if (traffic) await recordTraffic(run.folder, (context.io.now ?? (() => new Date()))(), traffic);
  for (const [kind, summary] of Object.entries(outcome.summaries)) {
    await run.writeSummary(kind, summary);
  }
  const figures = await writeFigures(run.folder, pagesOf(experiment, outcome));
  outcome.lines.forEach((line) => context.show(line));
  figures.forEach((path) => context.show(`figure         ${path}`));
  if (traffic) context.show(describeTraffic(traffic));
  const said = [...(outcome.warnings ?? []), ...timeWarnings(outcome, traffic)];
  said.forEach((warning) => context.warn(`warning: ${warning}`));
  context.result(outcome.result ?? onlyOne(outcome.summaries));
}

/** An answer that is read from a file is there at once. */
function timeWarnings({ summaries }: Outcome, traffic: Traffic | null): string[] {
  const timed = 'evaluate' in summaries || 'compare' in summaries;
  if (!timed || !traffic || traffic.remembered === 0) return [];
  return [
    `times: ${traffic.remembered} answers of servers had been paid for before and were read, not waited for; times of what stands behind a server say nothing here`,
  ];
}

function pagesOf({ summaries }: Experiment, outcome: Outcome): Record<string, Page> {
  const pages = summaries.flatMap(({ kind, draw }): [string, Page][] => {
    const summary = outcome.summaries[kind];
    return summary === undefined ? [] : [[kind, draw(summary, `${kind}.json`)]];
  });
  return Object.fromEntries(pages);
}

/** The only summary, or all of them by kind. */
function onlyOne(summaries: Outcome['summaries']): unknown {
  const all = Object.values(summaries);
  return all.length === 1 ? all[0] : summaries;
}
