/** `aligner-lab evaluate`: how often each system is right, and what the corrector does to sentences. */
import { z } from 'zod';
import { readAnnotatedQuadruples } from '../../data/jsonl.js';
import { problemById } from '../../data/problems.js';
import { generatedQuestions } from '../../data/questions.js';
import { exactSentences, exactSolver } from '../../judge/solver.js';
import { summariseCorrector } from '../../experiment/answers/correctorSummary.js';
import type { CorrectorSummary, EvaluateSummary } from '../../experiment/answers/evaluateShape.js';
import { summariseEvaluate } from '../../experiment/answers/evaluateSummary.js';
import { runEvaluation, systemKinds } from '../../experiment/answers/evaluation.js';
import type { EvaluationRecord } from '../../experiment/answers/shape.js';
import { createRandom } from '../../math/random.js';
import { correctorPage, evaluatePage } from '../../experiment/olderKinds.js';
import { embedded, stimuliFiles } from '../../data/artifacts.js';
import { defineCommand } from '../command.js';
import { common, engine, folder, seed } from '../common.js';
import { openedNames } from '../../experiment/shared/options.js';
import { figureOptions } from '../figureOptions.js';
import { prepareFigures } from '../figures.js';
import { labOf } from '../lab.js';
import { choice, integer, list, number, text, type OptionValues } from '../../shape/options.js';
import { openAll, type Lab } from '../../experiment/shared/lab.js';
import { phased } from '../../experiment/shared/stages.js';
import type { ModelFiles } from '../../runtime/modelFiles.js';
import { UsageError } from '../../text/usageError.js';
import { openCommandRun, recordAll } from '../runFolder.js';
import { figure, formatTable, percent, percentWithin } from '../../text/table.js';

const options = {
  upstream: text({
    value: 'name',
    help: `the larger model: ${openedNames}`,
    default: embedded.upstream,
  }),
  corrector: text({
    value: 'name',
    help: 'the corrector, named likewise',
    default: embedded.corrector,
  }),
  aligner: text({
    value: 'name',
    help: 'a whole-answer Aligner to compare with',
    default: embedded.aligner,
  }),
  expert: text({
    value: 'model',
    help: 'a small model that answers well, to tune the upstream by (system proxy)',
  }),
  antiExpert: text({ value: 'model', help: 'the same before it learned to' }),
  alpha: number({ value: 'x', help: 'strength of proxy-tuning', default: 1 }),
  systems: list(
    {
      value: 'names',
      help: `what is compared, of ${systemKinds.join(',')} (default: those whose models are known)`,
    },
    z.enum(systemKinds),
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
  description: `Answers generated problems with each system, greedily, and lets the exact solver judge:
  upstream         the larger model alone
  stream           the aligner loop: upstream and corrector, sentence by sentence
  corrector-alone  the corrector's own answer, without any upstream: what the pair must beat
  aligner          the upstream's whole answer, corrected at once
  proxy            the upstream's whole answer, its logits moved by alpha (expert - anti-expert);
                   only where --expert and --anti-expert name two small models of its vocabulary

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
    const systems = given.systems ?? systemKinds.filter((kind) => kind !== 'proxy' || given.expert);
    const lab = labOf(given, context);
    const proxy = systems.includes('proxy') ? await findProxy(given, lab) : undefined;
    await using opened = await openAll({
      upstream: () => lab.upstream(upstream),
      corrector: () => lab.corrector(corrector),
      ...(systems.includes('aligner') && { aligner: () => lab.aligner(aligner) }),
      ...(proxy && { proxied: () => lab.upstream(upstream, { proxy }) }),
    });
    const files = { quadruples: context.path(given.quadruples) };
    const of = { command: 'evaluate', options: given, models: opened.by, files };
    await using run = await openCommandRun<EvaluationRecord>(of, context);
    const quadruples = readAnnotatedQuadruples(files.quadruples).slice(0, limit);
    const { questions } = generatedQuestions({ split, count: limit, seed: drawn });
    const onProgress = phased((label) => context.progress.stage(label), {
      ...{ answers: 'answering', timing: 'timing', sentences: 'correcting' },
    });
    const made = {
      ...opened.by,
      proxy: proxy &&
        opened.by.proxied && { expert: proxy.expert.name, upstream: opened.by.proxied },
      ...{ systems, questions, quadruples, onProgress, questionOf: problemById },
      scorers: [exactSolver()],
      sentences: exactSentences(),
      maxRounds: given.rounds,
      signal: context.signal,
    };
    const records = await recordAll(run, runEvaluation({ ...made, done: run.records }));
    const summaries = summarise(records, opened.by.corrector.name, drawn);
    await run.writeSummary('evaluate', summaries.evaluate);
    await run.writeSummary('corrector', summaries.corrector);
    const figures = await writeFigures(run.folder, {
      evaluate: evaluatePage(summaries.evaluate),
      corrector: correctorPage(summaries.corrector),
    });
    context.show(`${questions.length} ${split} problems, greedy\n`);
    context.show(systemTable(summaries.evaluate));
    context.show(`\n${quadruples.length} recorded sentences, ${summaries.corrector.model}\n`);
    context.show(rateTable(summaries.corrector));
    context.show();
    figures.forEach((path) => context.show(`figure  ${path}`));
    context.result(summaries);
  },
});

/** The small models that tune the upstream. */
async function findProxy(
  { expert, antiExpert, alpha }: OptionValues<typeof options>,
  lab: Lab,
): Promise<{ expert: ModelFiles; antiExpert: ModelFiles; alpha: number }> {
  if (expert === undefined || antiExpert === undefined) {
    throw new UsageError('evaluate: the system proxy needs --expert and --anti-expert');
  }
  return { expert: await lab.find(expert), antiExpert: await lab.find(antiExpert), alpha };
}

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
  const names = [...new Set(systems.flatMap((system) => system.groups.map(({ group }) => group)))];
  const rows = systems.map((system) => [
    system.name,
    percentWithin(system.accuracy, system.ci),
    ...names.map((name) => {
      const own = system.groups.find(({ group }) => group === name);
      return percentWithin(own?.accuracy ?? null, own?.ci ?? null);
    }),
    percent(system.fixRate),
    percent(system.breakRate),
    figure(system.msPerToken),
    figure(system.firstTokenMs),
  ]);
  const head = ['system', 'right', ...names, 'fixed', 'broken', 'ms/token', 'first text ms'];
  return formatTable(head, rows);
}

const rateNames = {
  goodCopied: 'good copied verbatim',
  badFixed: 'bad rewritten right',
  neutralImproved: 'neutral improved',
  surplusStopped: 'surplus stopped',
  missingWritten: 'missing written',
} as const;

function rateTable(summary: CorrectorSummary): string {
  const parts = [summary, ...summary.groups];
  const keys = Object.keys(rateNames) as (keyof typeof rateNames)[];
  const rows = keys.map((key) => [
    rateNames[key],
    ...parts.flatMap((part) => [percentWithin(part[key].rate, part[key].ci), String(part[key].n)]),
  ]);
  const groups = summary.groups.flatMap(({ group }) => [group, 'n']);
  return formatTable(['sentences', 'rate', 'n', ...groups], rows);
}
