/** `aligner-lab reproduce`: every experiment of the paper, and one report. */
import { z } from 'zod';
import { sections } from '../../reproduce/paper/finding.js';
import type { ReproduceHost } from '../../reproduce/host.js';
import { chooseModels } from '../../reproduce/models.js';
import { partKinds, planParts, type Part } from '../../reproduce/plan.js';
import type { PartOutcome } from '../../reproduce/runParts.js';
import type { ReportSummary } from '../../reproduce/report/shape.js';
import { verdicts } from '../../reproduce/findings.js';
import { verdictCounts, verdictText } from '../../reproduce/report/findings.js';
import { sectionHeadings } from '../../reproduce/report/page.js';
import { embedded, stimuliFiles } from '../../data/artifacts.js';
import { defineCommand, type Context } from '../command.js';
import { common, dry, engine, folder, seed, store } from '../common.js';
import { machineOptions } from '../machineOptions.js';
import { openMachines, type Machines } from '../machines.js';
import { modelNames } from '../../experiment/shared/options.js';
import { figureOptions } from '../figureOptions.js';
import { prepareFigures, type WriteFigures } from '../figures.js';
import { findOrDownloadData, noteReport } from '../data.js';
import { judgeOptions } from '../../experiment/shared/judgedOptions.js';
import { findOrDownload, openNamedJudge } from '../models.js';
import { describeTraffic, recordTraffic, servers, serversOf, type Servers } from '../servers.js';
import { flag, integer, list, text, type OptionValues } from '../../shape/options.js';
import { PartLine } from '../partLine.js';
import { formatBytes, formatDuration } from '../progress.js';
import { reproducePaper } from '../../reproduce/run.js';
import { runName, shownPath } from '../runFolder.js';
import { Table } from '../../text/table.js';

const options = {
  quick: flag(
    'one embedded size on few problems, about 5 minutes; what could not be decided so is left out',
  ),
  only: list(
    { value: 'parts', help: `of ${partKinds.join(',')}; of the others what is there is taken` },
    z.enum(partKinds),
  ),
  upstream: text({
    value: 'model',
    help: `the larger model: ${modelNames}`,
    default: embedded.upstream,
  }),
  corrector: list(
    {
      aliases: ['correctors', 'model'],
      value: 'models',
      help: 'correctors, smallest first (default: the embedded ones)',
    },
    z.string(),
  ),
  aligner: list(
    {
      aliases: ['aligners'],
      value: 'models',
      help: 'whole-answer Aligners, each of the size of the corrector in its place',
    },
    z.string(),
  ),
  expert: list(
    { aliases: ['experts'], value: 'models', help: 'experts of proxy-tuning, likewise' },
    z.string(),
  ),
  antiExpert: list(
    { aliases: ['antiExperts'], value: 'models', help: 'the same before they learned to' },
    z.string(),
  ),
  sft: text({ value: 'model', help: 'the upstream after supervised fine-tuning' }),
  dpo: text({ value: 'model', help: 'the upstream after DPO' }),
  dataset: text({
    flag: 'questions',
    aliases: ['dataset'],
    value: 'file',
    help: 'questions in place of generated problems, {question, answer} or {question, answer, correction}; judged by the final answer',
  }),
  stimuli: text({
    value: 'file',
    help: 'JSONL of annotated quadruples on which models are read',
    default: stimuliFiles.validation,
  }),
  problems: text({
    value: 'file',
    help: 'the same, on which they are steered, ablated and patched',
    default: stimuliFiles.test,
  }),
  ...judgeOptions,
  limit: integer({ value: 'n', help: 'most problems in any part' }),
  ...seed,
  ...figureOptions,
  ...folder,
  ...store,
  ...machineOptions,
  ...engine,
  ...servers,
  ...dry,
  ...common,
} as const;

export const reproduce = defineCommand({
  description: `Runs the experiments of the Stream Aligner paper on the embedded models, or on yours, and writes one
report: each figure beside what the paper found, our number with its interval, and a verdict.

  rounds    answers after 0, 1, 2, ... correction rounds; classic and continue (Figures 3 to 5)
  compare   the loop against best-of-n, Aligner, proxy-tuning, SFT and DPO; latency (Figures 6, 7)
  scan      LAT scans of every corrector and Aligner (Figure 9)
  lens      logit lens of the same: where the first word is settled
  sweep     the correction direction pushed, in the loop, beside random directions (Figure 8)
  causal    one layer at a time: steered, ablated, patched, beside random directions

The rules of the verdicts stand in the code, written before any run: what is measured, and the
threshold. A finding holds above it, is the opposite below it, at 5 % after Holm's correction over all
findings, and else is undecided; of fewer than 16 problems or pairs there is no verdict (too few).
What small models cannot show is listed as not tested. With --judge,
helpfulness and harmlessness are tested too, by win rates against the upstream alone. Comparisons are
 paired on the same problems; intervals are 95 %, by bootstrap over problems.

25 to 30 minutes on 2 cores. Each part is a run folder of its own within the run; one that is complete
is not computed again, an interrupted one goes on when the same command is run again, and one that
fails costs no other.

Written to the run folder: report.html, report.md, report.json, and a folder per part.`,
  options,
  examples: [
    ['aligner-lab reproduce', 'everything, on the embedded models'],
    ['aligner-lab reproduce --quick', 'a look at the report, in minutes'],
    ['aligner-lab reproduce --only rounds,compare', 'what can be said of answers'],
    [
      'aligner-lab reproduce --upstream ./big --corrector ./small,./middle --questions questions.jsonl',
      'your models on your questions',
    ],
    [
      'aligner-lab reproduce --only rounds --judge http://127.0.0.1:8080/v1#judge --criterion helpful,harmless',
      'Figures 3 and 4 by a judge',
    ],
  ],
  async run({ options: given, context }) {
    if (given.dryRun) return showPlan(given, context);
    const writeFigures = prepareFigures(given, context);
    const paths = inFull(given, context);
    const asked = serversOf(given, context);
    await using machines = await openMachines(given, context);
    const host = reportTo(context, { writeFigures, servers: asked });
    const shared = sharedBy(machines, given);
    const { summary, files, folder } = await reproducePaper(paths, { ...host, ...shared });
    const traffic = asked.traffic();
    if (traffic) await recordTraffic(folder, (context.io.now ?? (() => new Date()))(), traffic);
    context.show();
    context.show(countsTable(summary));
    context.show();
    files.forEach((file) => context.show(`report  ${shownPath(context.path(file), context)}`));
    if (traffic) context.show(describeTraffic(traffic));
    context.result(summary);
    const failed = summary.parts.filter(({ state }) => state === 'failed');
    if (failed.length > 0) {
      throw new Error(
        `reproduce: ${failed.length} of ${summary.parts.length} parts failed (${failed.map((part) => part.name).join(', ')}); the report says why; the same command tries them again`,
      );
    }
  },
});

type Options = OptionValues<typeof options>;

/** Minutes on two idle cores with the embedded models: docs/reproduce.md. */
const usualMinutes = { quick: 4, default: 28 };

/** `--dry-run`: the parts, and how the usual time falls on them. */
function showPlan(given: Options, context: Context): void {
  const { models, absent } = chooseModels(given);
  const parts = planParts(models);
  const wanted = parts.filter(({ kind }) => given.only?.includes(kind) ?? true);
  const seconds = 60 * usualMinutes[given.quick ? 'quick' : 'default'];
  const all = planParts(chooseModels({ ...noModels, quick: given.quick }).models);
  const share = (part: Part): number =>
    (1000 * seconds * part.expected) / all.reduce((sum, { expected }) => sum + expected, 0);
  const rows = wanted.map((part) => ({ part: part.name, milliseconds: share(part) }));
  const total = rows.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  context.show('reproduce would run, and write nothing of this yet:\n');
  context.show(new Table(['part', 'about'], rows.map((row) => [row.part, formatDuration(row.milliseconds)]))); // prettier-ignore
  context.show(
    `\ntime     about ${formatDuration(total)} with the embedded models on two idle cores; yours may take longer`,
  );
  context.show(`disk     about ${formatBytes(5e6 * (wanted.length + 1))}: a page for each part, and records`); // prettier-ignore
  context.show(`folder   ${given.out ?? 'runs/reproduce-…, named after what is run'}`);
  if (absent.length > 0) context.show(`left out ${absent.join(', ')}: not there`);
  context.result({ command: 'reproduce', dryRun: true, parts: rows, milliseconds: total, absent });
}

const noModels = {
  ...{ upstream: embedded.upstream, corrector: undefined, aligner: undefined, expert: undefined },
  ...{ antiExpert: undefined, sft: undefined, dpo: undefined },
};

/** With the paths of folders made absolute. */
function inFull(given: Options, { path }: Context): Options & { runs: string } {
  return {
    ...given,
    out: given.out && path(given.out),
    runs: path('runs'),
  };
}

/** Parts whose units others may compute. */
function sharedBy(machines: Machines, options: Options): Pick<ReproduceHost, 'store' | 'during'> {
  return {
    store: machines.store,
    during: (configuration, work) =>
      machines.during({ ...configuration, id: runName(configuration), options }, work),
  };
}

function reportTo(
  context: Context,
  { writeFigures, servers }: { writeFigures: WriteFigures; servers: Servers },
): ReproduceHost {
  const line = new PartLine(context.progress);
  return {
    findModel: (name) => findOrDownload(name, context),
    judge: (name, how) => openNamedJudge(name, { ...how, servers }, context),
    findData: (name) => findOrDownloadData(name, context),
    onReport: (report) => noteReport(report, context),
    writeFigures,
    onNote: (note) => context.warn(note),
    onOpen: (folder) => context.keptIn(folder),
    onPart: (start) => line.begin(start),
    onOutcome: (outcome, ended, total) => {
      line.end(outcome.part);
      tell(outcome, `${ended} of ${total}`, context);
    },
    now: context.io.now,
    signal: context.signal,
  };
}

function tell(
  { part, state, milliseconds, error }: PartOutcome<Part, true>,
  place: string,
  context: Context,
): void {
  const took = formatDuration(milliseconds ?? 0);
  if (state === 'failed') context.warn(`part ${place}, ${part.name}, failed: ${error}`);
  if (state === 'done') context.show(`part ${place}  ${part.name}: ${took}`);
  if (state === 'kept') context.show(`part ${place}  ${part.name}: complete before`);
}

function countsTable({ findings }: ReportSummary): Table {
  const rows = sections.map((section) => {
    const counts = verdictCounts(findings.filter((finding) => finding.section === section));
    return [sectionHeadings[section], ...verdicts.map((verdict) => String(counts[verdict]))];
  });
  return new Table(['findings', ...verdicts.map(verdictText)], rows);
}
