/** `aligner-lab evaluate`: how often each system is right, and what the corrector does to sentences. */
import { readAnnotatedQuadruples } from '../../data/jsonl.js';
import { generateProblems } from '../../data/problems.js';
import { summariseCorrector, type CorrectorSummary } from '../../experiment/correctorSummary.js';
import { summariseEvaluate, type EvaluateSummary } from '../../experiment/evaluateSummary.js';
import { runEvaluation, systemKinds, type EvaluationRecord } from '../../experiment/evaluation.js';
import { createRandom } from '../../math/random.js';
import { correctorPage, evaluatePage } from '../../plot/pages.js';
import { embedded, stimuliFiles } from '../artifacts.js';
import { defineCommand } from '../command.js';
import { common, engine, folder, modelNames, seed } from '../common.js';
import { figureOptions, prepareFigures } from '../figures.js';
import { loadModels } from '../models.js';
import { choice, integer, list, readChoice, text } from '../options.js';
import { stagedProgress } from '../reading.js';
import { openCommandRun, recordAll } from '../runFolder.js';
import { figure, formatTable, percent, percentWithin } from '../table.js';

const options = {
  upstream: text({ value: 'model', help: 'the larger model', default: embedded.upstream }),
  corrector: text({
    value: 'model',
    help: `the corrector: ${modelNames}`,
    default: embedded.corrector,
  }),
  aligner: text({
    value: 'model',
    help: 'a whole-answer Aligner to compare with',
    default: embedded.aligner,
  }),
  systems: list(
    {
      value: 'names',
      help: `what is compared, of ${systemKinds.join(',')} (default: all)`,
    },
    (given, flag) => readChoice(given, flag, systemKinds),
  ),
  rounds: integer({ value: 'n', help: 'most rounds of the loop', default: 16 }),
  split: choice(['validation', 'test'], { help: 'of the problems', default: 'test' }),
  limit: integer({ value: 'n', help: 'problems, and recorded sentences', default: 1000 }),
  quadruples: text({
    value: 'file',
    help: 'JSONL of annotated quadruples, for the sentence-level rates',
    default: stimuliFiles.test,
  }),
  ...seed,
  ...figureOptions,
  ...folder,
  ...engine,
  ...common,
} as const;

export const evaluate = defineCommand({
  name: 'evaluate',
  summary: 'accuracy of upstream, stream loop, corrector alone and Aligner on the same problems',
  description: `Answers generated problems with each system, greedily, and lets the exact solver judge:
  upstream         the larger model alone
  stream           the aligner loop: upstream and corrector, sentence by sentence
  corrector-alone  the corrector's own answer, without any upstream: what the pair must beat
  aligner          the upstream's whole answer, corrected at once

Reported with 95 % intervals: accuracy, fixed (right now, given that the upstream alone was wrong),
broken (the reverse), copies, time per token and to the first text. Then the corrector runs on
recorded sentences: good ones copied verbatim, bad ones rewritten to right ones, and so on.

Written to the run folder: evaluate.json, corrector.json, evaluate.html, corrector.html,
records.jsonl, manifest.json. Run again to go on after an interruption.`,
  options,
  examples: [
    ['aligner-lab evaluate --limit 1000', 'the embedded models on 1,000 test problems'],
    [
      'aligner-lab evaluate --corrector corrector-arithmetic-s --systems upstream,stream --limit 200',
      'another size, two systems',
    ],
  ],
  async run({ options: given, context }) {
    const writeFigures = prepareFigures(given, context);
    const { upstream, corrector, aligner, split, limit, seed: drawn } = given;
    const systems = given.systems ?? systemKinds;
    const names = { upstream, corrector, ...(systems.includes('aligner') && { aligner }) };
    await using models = await loadModels(names, given, context);
    const files = { quadruples: context.path(given.quadruples) };
    const of = { command: 'evaluate', options: given, models: models.by, files };
    await using run = await openCommandRun<EvaluationRecord>(of, context);
    const quadruples = readAnnotatedQuadruples(files.quadruples).slice(0, limit);
    const problems = [...generateProblems({ split, count: limit, seed: drawn })];
    const onProgress = stagedProgress(context, { systems: 'answering', sentences: 'correcting' });
    const { signal } = context;
    const made = {
      ...models.by,
      systems,
      maxRounds: given.rounds,
      problems,
      quadruples,
      onProgress,
      signal,
    };
    const records = await recordAll(run, runEvaluation({ ...made, done: run.records }));
    const summaries = summarise(records, models.by.corrector.name, drawn);
    await run.writeSummary('evaluate', summaries.evaluate);
    await run.writeSummary('corrector', summaries.corrector);
    const figures = await writeFigures(run.folder, {
      evaluate: evaluatePage(summaries.evaluate),
      corrector: correctorPage(summaries.corrector),
    });
    context.show(`${problems.length} ${split} problems, greedy\n`);
    context.show(systemTable(summaries.evaluate));
    context.show(`\n${quadruples.length} recorded sentences, ${summaries.corrector.model}\n`);
    context.show(rateTable(summaries.corrector));
    context.show();
    figures.forEach((path) => context.show(`figure  ${path}`));
    context.result(summaries);
  },
});

interface Summaries {
  evaluate: EvaluateSummary;
  corrector: CorrectorSummary;
}

function summarise(records: readonly EvaluationRecord[], model: string, seed: number): Summaries {
  const answers = records.filter((record) => record.kind !== 'correction');
  const corrections = records.filter((record) => record.kind === 'correction');
  const random = createRandom(seed).fork('evaluate');
  return {
    evaluate: summariseEvaluate({ records: answers, random }),
    corrector: summariseCorrector({ model, records: corrections }),
  };
}

function systemTable({ systems }: EvaluateSummary): string {
  const head = ['system', 'right', 'unseen family', 'fixed', 'broken', 'ms/token', 'first text ms'];
  const rows = systems.map((system) => [
    system.name,
    percentWithin(system.accuracy, system.ci),
    percentWithin(system.unseenFamily.accuracy, system.unseenFamily.ci),
    percent(system.fixRate),
    percent(system.breakRate),
    figure(system.msPerToken),
    figure(system.firstTokenMs),
  ]);
  return formatTable(head, rows);
}

function rateTable(summary: CorrectorSummary): string {
  const { unseenFamily: unseen } = summary;
  const rows = (
    [
      ['good copied verbatim', summary.goodCopied, unseen.goodCopied],
      ['bad rewritten right', summary.badFixed, unseen.badFixed],
      ['neutral improved', summary.neutralImproved, unseen.neutralImproved],
      ['surplus stopped', summary.surplusStopped, unseen.surplusStopped],
      ['missing written', summary.missingWritten, unseen.missingWritten],
    ] as const
  ).map(([name, all, part]) => [
    name,
    percentWithin(all.rate, all.ci),
    String(all.n),
    percentWithin(part.rate, part.ci),
    String(part.n),
  ]);
  return formatTable(['sentences', 'rate', 'n', 'unseen family', 'n'], rows);
}
