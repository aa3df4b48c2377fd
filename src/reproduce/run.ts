/** A whole reproduction: its parts in order, then the report. */
import { join } from 'node:path';
import { level } from './findings.js';
import { judgePaper } from './paper/verdicts.js';
import { runParts, type PartOutcome } from './runParts.js';
import { planParts, type Part, type PartKind } from './plan.js';
import type { ReportPart, ReportSummary } from './report/shape.js';
import { reportMarkdown } from './report/markdown.js';
import { reportPage } from './report/page.js';
import { writeAtomic } from '../disk/atomic.js';
import { openRun, type Run } from '../record/run.js';
import type { Stages } from '../experiment/shared/stages.js';
import type { ReproduceHost } from './host.js';
import { findPart, partPages, partRunners, runPart, type PartRunners } from './parts/parts.js';
import { opening } from '../experiment/shared/opening.js';
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
  /** The run folder. */
  folder: string;
}

/**
 * Runs what is missing, and writes report.json, report.md and the figures into the run folder.
 * @param options.only kinds of parts to run; of the others what is there is taken
 */
export async function reproducePaper(
  options: ReproduceOptions & { only: readonly PartKind[] | undefined },
  host: ReproduceHost,
  runners: PartRunners = partRunners,
): Promise<Reproduced> {
  await using prepared = await opening((keep) => prepare(options, host, keep));
  const { setting, configuration, notes } = prepared;
  notes.forEach((note) => host.onNote?.(note));
  const { folder } = setting;
  await using run = await openRun<PartRecord>({ ...configuration, folder, now: host.now });
  host.onOpen?.(folder);
  const parts = planParts(setting.models, prepared.extent);
  const during = host.during ?? (<T>(_: unknown, work: () => Promise<T>): Promise<T> => work());
  const outcomes = await during(configuration, () =>
    runAll(parts, run, { only: options.only, runners, prepared }),
  );
  const summary = summarise(outcomes, run, prepared);
  await run.writeSummary('report', summary);
  await writeAtomic(join(folder, 'report.md'), reportMarkdown(summary));
  const page = reportPage(summary, await partPages(parts, setting.results));
  const figures = await host.writeFigures(folder, { report: page });
  return { summary, folder, files: [...figures, join(folder, 'report.md')] };
}

type Outcome = PartOutcome<Part, true>;

async function runAll(
  parts: readonly Part[],
  run: Run<PartRecord>,
  given: {
    only: readonly PartKind[] | undefined;
    runners: PartRunners;
    prepared: Prepared;
  },
): Promise<Outcome[]> {
  const { only, runners } = given;
  const { setting } = given.prepared;
  const { host } = setting;
  const silent: Stages = () => () => undefined;
  const steps = runParts<Part, true>({
    ...{ parts, atOnce: setting.partsAtOnce, signal: host.signal },
    ...(only && { wanted: ({ kind }) => only.includes(kind) }),
    find: (part) => findPart(part, setting),
    run: async (start) => {
      const stages = host.onPart?.(start) ?? silent;
      return await runPart(start.part, { setting, runners, stages });
    },
  });
  const outcomes: Outcome[] = [];
  for await (const outcome of steps) {
    outcomes.push(outcome);
    const { part, state, milliseconds } = outcome;
    if (state === 'done') await run.append({ part: part.name, milliseconds: milliseconds ?? 0 });
    host.onOutcome?.(outcome, outcomes.length, parts.length);
  }
  const place = ({ part }: Outcome): number => parts.indexOf(part);
  return outcomes.sort((one, other) => place(one) - place(other));
}

function summarise(
  outcomes: readonly Outcome[],
  run: Run<PartRecord>,
  { setting, extent, notes, judges }: Prepared,
): ReportSummary {
  const { models, data, seed, results } = setting;
  const before = new Map(run.records.map(({ part, milliseconds }) => [part, milliseconds]));
  const parts = outcomes.map(({ part, state, milliseconds, error }): ReportPart => {
    const { name, kind, model, role } = part;
    if (state !== 'kept') return { name, kind, model, role, state, error, milliseconds };
    // The report of a run that went on is that of one that was not interrupted.
    const took = before.get(name) ?? null;
    return { name, kind, model, role, state: 'done', error, milliseconds: took };
  });
  const planned = new Set(parts.map(({ name }) => name));
  const left = planParts(models).filter(({ name }) => !planned.has(name));
  const missing = new Map([
    ...parts.flatMap((part) => reasonOf(part) ?? []),
    ...left.map(({ name }): [string, string] => [name, `A quick run leaves ${name} out.`]),
  ]);
  const solved = data.sentences !== null;
  const findings = judgePaper({ models, judges, results, seed, solved, missing });
  const named = judges.length > 0 && { judges: [...judges] };
  return { models, ...named, extent, data: data.description, seed, level, findings, parts, notes };
}

/** Why a part left nothing. */
function reasonOf({ name, state, error }: ReportPart): [string, string][] | null {
  if (state === 'failed') return [[name, `The part ${name} failed: ${error}.`]];
  if (state === 'left out') return [[name, `The part ${name} was not run (--only).`]];
  return null;
}
