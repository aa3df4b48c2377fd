/** `aligner-lab generate`: a text gone on with, steered or not. */
import { z } from 'zod';
import { embedded } from '../../data/artifacts.js';
import { modelNames } from '../../experiment/shared/options.js';
import {
  givenDirection,
  loadStored,
  noteSteering,
} from '../../experiment/shared/reading/findSteering.js';
import { basisOfStored } from '../../experiment/shared/reading/steeringBasis.js';
import { describeKnob } from '../../experiment/shared/steeringKnob.js';
import { toKnob } from '../../experiment/shared/openSteering.js';
import {
  createModel,
  type Generation,
  type Model,
  type WriteOptions,
} from '../../read/model/model.js';
import { boundaryNorms, steeredTexts } from '../../read/model/steeredTexts.js';
import {
  choice,
  flag,
  integer,
  layerList,
  list,
  number,
  text,
  type OptionValues,
} from '../../shape/options.js';
import { takenAsText } from '../../text/controlTokens.js';
import { countNotes, notesOf, noteWarnings } from '../../text/notes.js';
import { UsageError } from '../../text/usageError.js';
import { defineCommand, type Context } from '../command.js';
import { common, engine, seed } from '../common.js';
import { labOf } from '../lab.js';
import { loadModel } from '../models.js';
import { flagOf } from '../options.js';

const options = {
  model: text({ value: 'model', help: modelNames, default: embedded.corrector }),
  direction: text({
    value: 'file',
    help: 'steers along it: the folder of a sweep, directions.safetensors of extract, or an imported .gguf or .npy',
  }),
  layers: layerList({
    help: 'steered layers, from 0, e.g. 4-6 or 3,7 (default: as saved, else the best one, where the file says)',
  }),
  coefficient: list(
    {
      aliases: ['coefficients'],
      value: 'numbers',
      help: 'strengths, one text each (default with a direction: -1,0,1)',
    },
    z.number(),
  ),
  scale: number({
    value: 'x',
    help: 'norm that coefficient 1 adds, in mean residual norms (default with a direction: as saved, else 1)',
  }),
  positions: choice(['prompt', 'all', 'generated'], {
    help: 'steered positions (default with a direction: as saved, else the prompt)',
  }),
  maxNewTokens: integer({ value: 'n', help: 'longest text, in tokens', default: 128 }),
  temperature: number({ value: 't', help: '0 takes the likeliest token', default: 0 }),
  topP: number({ value: 'p', help: 'samples from the likeliest tokens of this share', default: 1 }),
  topK: integer({ value: 'n', help: 'samples from so many tokens (0: all)', default: 0, least: 0 }),
  raw: flag("goes on with the text as it is, without the model's chat template"),
  ...seed,
  ...engine,
  ...common,
} as const;

type Options = OptionValues<typeof options>;

export const generate = defineCommand({
  description: `Writes what the model answers to a prompt, or, with --raw, how it goes on with a text. With a --direction
one text is written for every coefficient: above 0 towards the direction's positive label, below 0
away from it. Coefficient 1 is a total added norm, shared equally among the steered layers, each in
units of that layer's mean residual norm, times a scale. Layers and scale are those of the steering.json
that a sweep saved with the direction; without one, the best layer, and scale 1. A file that does not
know mean norms is taken in units of the norms at the prompt's last token.

The prompt is the argument or standard input.`,
  argument: {
    name: 'prompt',
    help: 'what the model reads (default: standard input)',
    required: false,
  },
  options,
  examples: [
    [
      'aligner-lab generate "Mia has 4 bags of 7 nuts. How many nuts does Mia have?" --model upstream-arithmetic',
      'what the embedded upstream answers',
    ],
    [
      'aligner-lab generate "I feel" --raw --model org/name --direction runs/happy/directions.safetensors --layers 12 --coefficient -0.2,0,0.2',
      'the same words, three ways',
    ],
  ],
  async run({ options: given, argument, context }) {
    const prompt = argument ?? (await context.io.readStdin())?.replace(/\r?\n$/, '') ?? '';
    if (prompt === '') {
      throw new UsageError('generate: no prompt; give it as an argument or on standard input');
    }
    const { direction } = given;
    if (direction === undefined) refuseSteering(given);
    await using languageModel = await loadModel(given.model, given, context);
    const model = createModel(languageModel);
    if (given.raw) {
      const asText = takenAsText([prompt], languageModel.tokenizer);
      if (asText !== null) context.warn(`warning: ${asText}`);
    }
    const written =
      direction === undefined
        ? await plain(model, prompt, given, context)
        : await steered(model, prompt, { ...given, direction }, context);
    const counts = countNotes(written.outputs);
    noteWarnings(counts, written.outputs.length).forEach((warning) =>
      context.warn(`warning: ${warning}`),
    );
    context.result({ model: model.name, prompt, ...written });
  },
});

const steeringOptions = ['layers', 'coefficient', 'scale', 'positions'] as const;

/** @throws where one of the options is given that only steering has a use for. */
function refuseSteering(given: Options): void {
  const useless = steeringOptions.filter((key) => given[key] !== undefined);
  if (useless.length === 0) return;
  const flags = useless.map(flagOf).join(', ');
  throw new UsageError(`generate ${flags}: nothing to steer along; give --direction`);
}

function writeOptions(given: Options, { signal }: Context): Omit<WriteOptions, 'steer'> {
  const { maxNewTokens, temperature, topP, topK, seed: drawn, raw } = given;
  const sampling = temperature > 0 ? { temperature, topP, topK, seed: drawn } : undefined;
  return { chat: !raw, maxNewTokens, sampling, signal };
}

interface Written {
  outputs: readonly ({ coefficient?: number } & Pick<Generation, 'text' | 'finish' | 'notes'>)[];
}

async function plain(
  model: Model,
  prompt: string,
  given: Options,
  context: Context,
): Promise<Written> {
  const {
    text: written,
    finish,
    notes,
  } = await model.generate(prompt, writeOptions(given, context));
  context.show(written);
  return { outputs: [{ text: written, finish, ...notesOf(notes) }] };
}

/** A text for every coefficient, shown as they come. */
async function steered(
  model: Model,
  prompt: string,
  given: Options & { direction: string },
  context: Context,
): Promise<Written & { layers: readonly number[]; unitValue: readonly number[] }> {
  const { coefficient: coefficients = [-1, 0, 1], raw } = given;
  const lab = labOf(given, context);
  const place = await givenDirection(given, lab);
  if (!place) throw new UsageError('generate: nothing to steer along; give --direction');
  const stored = await loadStored(model.languageModel, { ...place, layers: given.layers }, lab);
  const basis = await basisOfStored(stored, () => boundaryNorms(model, prompt, { chat: !raw }));
  const knob = toKnob({ ...given, basis, place });
  noteSteering(describeKnob(knob), place, lab);
  const { directions, layers, unitValue, positions, scale, meanNorms } = knob;
  const unit = meanNorms.map((norm) => scale * norm);
  const texts = steeredTexts({
    ...writeOptions(given, context),
    ...{ model, text: prompt, directions, layers, unit, coefficients, positions },
  });
  const outputs: Written['outputs'][number][] = [];
  for await (const { coefficient, text: written, finish, notes } of texts) {
    context.show(`${outputs.length > 0 ? '\n' : ''}coefficient ${coefficient}\n${written}`);
    outputs.push({ coefficient, text: written, finish, ...notesOf(notes) });
  }
  return { layers, unitValue, outputs };
}
