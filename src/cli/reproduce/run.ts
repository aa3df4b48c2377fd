/** A whole reproduction: its parts in order, then the report. */
import { join } from 'node:path';
import { level } from '../../experiment/findings.js';
import { judgePaper } from '../../experiment/paperFindings.js';
import { runParts, type PartOutcome, type PartStart } from '../../experiment/reproduce.js';
import { planParts, type Part, type PartKind } from '../../experiment/reproducePlan.js';
import type { ReportPart, ReportSummary } from '../../experiment/reportTypes.js';
import { reportMarkdown } from '../../plot/reportMarkdown.js';
import { reportPage } from '../../plot/reportPage.js';
import { writeAtomic } from '../../record/atomic.js';
import { openRun, type Run } from '../../record/run.js';
import type { Context } from '../command.js';
import type { WriteFigures } from '../figures.js';
import { formatDuration, type OnProgress, type Progress, type Stages } from '../progress.js';
import { findPart, partPages, partRunners, runPart, type PartRunners } from './parts.js';
import { prepare, type Prepared, type ReproduceOptions } from './prepare.js';

/** How long a part took, when it ended. */
interface PartRecord {
  part: string;
  milliseconds: number;
}

export interface Reproduced {
  summary: ReportSummary;
  /** Files of the report, as a reader would type them. */
  files: string[];
}

/**
 * Runs what is missing, and writes report.json, report.md and the figures into the run folder.
 * @param options.only kinds of parts to run; of the others what is there is taken
 */
export async function reproducePaper(
  options: ReproduceOptions & { only: readonly PartKind[] | undefined },
  context: Context,
  how: { writeFigures: WriteFigures; runners?: PartRunners },
): Promise<Reproduced> {
  const prepared = await prepare(options, context);
  const { setting, configuration, notes } = prepared;
  notes.forEach((note) => context.warn(note));
  const { now } = context.io;
  const { folder } = setting;
  await using run = await openRun<PartRecord>({ ...configuration, folder, ...(now && { now }) });
  context.keptIn(folder);
  const parts = planParts(setting.models);
  const outcomes = await runAll(parts, run, { ...options, ...how, prepared });
  const summary = summarise(outcomes, run, prepared);
  await run.writeSummary('report', summary);
  await writeAtomic(join(folder, 'report.md'), reportMarkdown(summary));
  const page = reportPage(summary, partPages(parts, setting.results));
  const figures = await how.writeFigures(folder, { report: page });
  return { summary, files: [...figures, join(folder, 'report.md')] };
}

type Outcome = PartOutcome<Part, true>;

async function runAll(
  parts: readonly Part[],
  run: Run<PartRecord>,
  of: {
    only: readonly PartKind[] | undefined;
    runners?: PartRunners;
    prepared: Prepared;
  },
): Promise<Outcome[]> {
  const { only, runners = partRunners } = of;
  const { setting } = of.prepared;
  const { context } = setting;
  const line = new OneLine(context.progress);
  const steps = runParts<Part, true>({
    ...{ parts, atOnce: setting.partsAtOnce, signal: context.signal },
    ...(only && { wanted: ({ kind }) => only.includes(kind) }),
    find: (part) => findPart(part, setting),
    run: async (start) => {
      const stages = line.of(start);
      return await runPart(start.part, { setting, runners, stages });
    },
  });
  const outcomes: Outcome[] = [];
  for await (const outcome of steps) {
    outcomes.push(outcome);
    const { part, state, milliseconds } = outcome;
    line.end(part);
    if (state === 'done') await run.append({ part: part.name, milliseconds: milliseconds ?? 0 });
    tell(outcome, `${outcomes.length} of ${parts.length}`, context);
  }
  const place = ({ part }: Outcome): number => parts.indexOf(part);
  return outcomes.sort((one, other) => place(one) - place(other));
}

/** The line of progress, where several parts run: that of the one that began first. */
class OneLine {
  readonly #progress: Progress;
  readonly #running: Part[] = [];

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  of({ part, index, total, left }: PartStart<Part>): Stages {
    this.#running.push(part);
    const rest = left === null ? '' : ` (${formatDuration(left)} left in all)`;
    return (label) => {
      let tell: OnProgress | null = null;
      return (done, all) => {
        if (this.#running[0] !== part) return;
        tell ??= this.#progress.stage(`${index}/${total} ${part.name}${rest}: ${label}`);
        tell(done, all);
      };
    };
  }

  end(part: Part): void {
    const at = this.#running.indexOf(part);
    if (at !== -1) this.#running.splice(at, 1);
  }
}

function tell(
  { part, state, milliseconds, error }: Outcome,
  place: string,
  context: Context,
): void {
  const took = formatDuration(milliseconds ?? 0);
  if (state === 'failed') context.warn(`part ${place}, ${part.name}, failed: ${error}`);
  if (state === 'done') context.show(`part ${place}  ${part.name}: ${took}`);
  if (state === 'kept') context.show(`part ${place}  ${part.name}: complete before`);
}

function summarise(
  outcomes: readonly Outcome[],
  run: Run<PartRecord>,
  { setting, extent, notes }: Prepared,
): ReportSummary {
  const { models, data, seed, results } = setting;
  const before = new Map(run.records.map(({ part, milliseconds }) => [part, milliseconds]));
  const parts = outcomes.map(({ part, state, milliseconds, error }): ReportPart => {
    const { name, kind, model, role } = part;
    const took = state === 'kept' ? (before.get(name) ?? null) : milliseconds;
    return { ...{ name, kind, model, role, state, error }, milliseconds: took };
  });
  const missing = new Map(parts.flatMap((part) => reasonOf(part) ?? []));
  const findings = judgePaper({ models, results, seed, solved: data.solved, missing });
  return { models, extent, data: data.description, seed, level, findings, parts, notes };
}

/** Why a part left nothing. */
function reasonOf({ name, state, error }: ReportPart): [string, string][] | null {
  if (state === 'failed') return [[name, `The part ${name} failed: ${error}.`]];
  if (state === 'left out') return [[name, `The part ${name} was not run (--only).`]];
  return null;
}
