/** `aligner-lab align`: the stream loop on one question, sentence by sentence. */
import type { Corrector } from '../../align/corrector.js';
import type { Round } from '../../align/loop.js';
import { requireModel } from '../../align/readable.js';
import {
  alignStream,
  type AlignedAnswer,
  type LoopOptions,
  type LoopRow,
} from '../../align/stream.js';
import { problemById } from '../../data/problems.js';
import { isRight } from '../../data/solver.js';
import { rowSteering } from '../../experiment/shared/steeringKnob.js';
import { renderPage } from '../../plot/page/html.js';
import { roundsPage } from '../../plot/page/rounds.js';
import { describeContext } from '../../runtime/contextLimit.js';
import { embedded } from '../../data/artifacts.js';
import { defineCommand, type Context } from '../command.js';
import { common, engine, seed } from '../common.js';
import {
  directionFile,
  method,
  mostRounds,
  named,
  openedNames,
  stimuli,
} from '../../experiment/shared/options.js';
import { writeBytes } from '../files.js';
import { labOf } from '../lab.js';
import { describeTraffic, servers } from '../servers.js';
import { integer, layerList, number, text, type OptionValues } from '../../shape/options.js';
import { samplingOptions } from '../../experiment/shared/sampling.js';
import { checkStimuliFile } from '../../experiment/shared/reading/checkStimuliFile.js';
import { findKnob, placeOfDirection } from '../../experiment/shared/reading/findSteering.js';
import { countNotes, noteWarnings } from '../../text/notes.js';
import { figure } from '../../text/table.js';
import { UsageError } from '../../text/usageError.js';

const options = {
  upstream: text({
    value: 'name',
    help: `who writes: ${openedNames}`,
    default: embedded.upstream,
  }),
  model: text({
    ...named,
    value: 'name',
    help: 'the corrector, named likewise; a recorded one cannot be steered',
    default: embedded.corrector,
  }),
  problem: text({
    value: 'id',
    help: 'a generated problem, e.g. test-0-17, in place of a question',
  }),
  page: text({ value: 'file', help: 'also write the rounds as an HTML page, as a word diff' }),
  rounds: integer({ ...mostRounds, value: 'n', help: 'most rounds', default: 16 }),
  coefficient: number({
    value: 'c',
    help: 'steers: above 0 towards correcting, below 0 towards copying',
  }),
  ...directionFile,
  layers: layerList({
    help: 'steered layers, from 0, e.g. 4-6 or 3,7 (default: as saved, else the best layer)',
  }),
  scale: number({
    value: 'x',
    help: 'norm that coefficient 1 adds, in mean residual norms (default: as saved, else 1)',
  }),
  ...method,
  ...stimuli,
  ...samplingOptions,
  ...seed,
  ...engine,
  ...servers,
  ...common,
} as const;

type Options = OptionValues<typeof options>;

export const align = defineCommand({
  description: `Runs Algorithm 1 of Stream Aligner: the upstream writes the next sentence, the corrector copies it or
writes a better one, and the upstream goes on from the corrected answer, until the corrector returns
nothing. Every round is shown as it comes: = where the sentence was copied, and otherwise - what the
upstream wrote and + what stands in the answer.

The question is the argument, standard input, or a generated --problem, whose right answer is known.
With --coefficient the corrector is steered while the loop runs, along --direction, else along the
direction that lies in the model's folder, else along one that is found first. Layers and scale are
those of its steering.json, which sweep saves, so that a coefficient pushes as it does there; without
one, the best layer, and one mean residual norm. What is added where is said on stderr.`,
  argument: { name: 'question', help: 'what is asked (default: standard input)', required: false },
  options,
  examples: [
    ['aligner-lab align --problem test-0-17', 'a test problem, judged at the end'],
    [
      'echo "Mia has 4 bags of 7 nuts. How many nuts does Mia have?" | aligner-lab align',
      'your own question',
    ],
    ['aligner-lab align --problem test-0-17 --page rounds.html', 'a page of the rounds'],
    ['aligner-lab align --problem test-0-17 --coefficient -1', 'the same, pushed towards copying'],
    [
      'aligner-lab align --problem test-0-17 --direction runs/sweep-1a2b3c4d --coefficient -1',
      'pushed as a sweep of your own pushed',
    ],
    [
      'aligner-lab align --problem test-0-17 --upstream recorded:answers.jsonl#by-count',
      'recorded answers corrected, rows of {question, answer}',
    ],
  ],
  async run({ options: given, argument, context }) {
    const question = await findQuestion(argument, given, context);
    const lab = labOf(given, context);
    if (given.coefficient !== undefined) await checkStimuliFile(given, lab);
    await using upstream = await lab.upstream(given.upstream);
    await using corrector = await lab.corrector(given.model);
    const { steered, said } = await steer(corrector, given, context);
    context.show(`${question}\n`);
    const stream = alignStream({
      upstream,
      corrector,
      maxRounds: given.rounds,
      signal: context.signal,
      ...{ question, ...steered },
    });
    for (;;) {
      const step = await stream.next();
      if (step.done) {
        const right = given.problem && isRight(problemById(given.problem), step.value.text);
        context.show(`\n${ending(step.value)}`);
        if (right !== undefined)
          context.show(right ? 'The answer is right.' : 'The answer is wrong.');
        const { rounds } = step.value;
        noteWarnings(countNotes(rounds), rounds.length).forEach(lab.warn);
        const traffic = lab.traffic();
        if (traffic) context.show(describeTraffic(traffic));
        if (given.page !== undefined) await writePage(given.page, step.value, context);
        return context.result({
          ...step.value,
          ...(said && { steering: said }),
          ...(right !== undefined && { right }),
        });
      }
      context.show(describe(step.value));
    }
  },
});

async function writePage(file: string, answer: AlignedAnswer, context: Context): Promise<void> {
  await writeBytes(context.path(file), Buffer.from(renderPage(roundsPage(answer))));
  context.show(`page  ${file}`);
}

async function findQuestion(
  argument: string | undefined,
  given: Options,
  { io }: Context,
): Promise<string> {
  if (argument !== undefined && given.problem !== undefined) {
    throw new UsageError('align: give a question or --problem, not both');
  }
  if (given.problem !== undefined) return problemById(given.problem).question;
  const question = (argument ?? (await io.readStdin()) ?? '').trim();
  if (question !== '') return question;
  throw new UsageError(
    'align: no question; give it as an argument, on standard input, or --problem <id>',
  );
}

/** What steers the corrector, and what is said of it in the result; nothing without a coefficient. */
async function steer(
  corrector: Corrector,
  given: Options,
  context: Context,
): Promise<{
  steered: Pick<LoopOptions, 'steering'> & Pick<LoopRow, 'coefficient'>;
  said?: object;
}> {
  const { coefficient } = given;
  if (coefficient === undefined) return { steered: {} };
  const model = requireModel(corrector, 'align --coefficient');
  const lab = labOf(given, context);
  const place = await placeOfDirection(model, given, lab);
  const { knob } = await findKnob(model, { ...given, place }, lab);
  const { layers, unitValue, positions } = knob;
  const added = unitValue.map((value) => value * coefficient);
  lab.note(`steered at layer ${layers.join(', ')} by ${added.map(figure).join(', ')}`);
  return {
    steered: rowSteering(knob, coefficient),
    said: { coefficient, layers, unitValue, added, positions },
  };
}

function describe({ index, copied, edit, context, ...texts }: Round): string {
  const [last, correction] = [texts.last.trim(), texts.correction.trim()];
  const number = String(index + 1).padStart(2);
  if (copied) return `${number} = ${correction}`;
  if (context) {
    const cut = [last, correction].filter((text) => text !== '').map((text) => `\n   ~ ${text}`);
    return `${number}   no positions are left to the ${context.by}: ${describeContext(context)}${cut.join('')}`;
  }
  if (last === '' && correction === '') return `${number}   both have nothing to add`;
  const written = last === '' ? '(nothing)' : last;
  const put = correction === '' ? '(nothing: the answer is complete)' : correction;
  const much = edit ? `  [edit ratio ${figure(edit.editRatio)}]` : '';
  return `${number} - ${written}\n   + ${put}${much}`;
}

function ending(answer: {
  stop: string;
  rounds: readonly Round[];
  milliseconds: number;
  firstVisibleMilliseconds: number | null;
}): string {
  const copied = answer.rounds.filter((round) => round.copied).length;
  const first = answer.firstVisibleMilliseconds;
  return [
    `${answer.rounds.length} rounds, ${copied} copied; ended by ${answer.stop}`,
    `${answer.milliseconds.toFixed(0)} ms${first === null ? '' : `, the first corrected sentence after ${first.toFixed(0)} ms`}`,
  ].join('; ');
}
