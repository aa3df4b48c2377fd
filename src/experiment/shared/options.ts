/** Options that several experiments share. */
import { z } from 'zod';
import { embedded, stimuliFiles } from '../../data/artifacts.js';
import { methodNames } from '../../read/methods/names.js';
import { choice, flag, integer, list, text } from '../../shape/options.js';
import { samplingOptions } from './sampling.js';

/** What a model can be named by, for the help. */
export const modelNames =
  "an embedded model's name, a model folder, an .onnx file, or org/name[@revision][:variant] of the Hugging Face hub";

/** What can also be named where nothing is read or steered. */
export const openedNames = `${modelNames}; recorded:<file>, JSON Lines of recorded answers; or http://host/v1#model, a server`;

/** Of every option that names a corrector, whatever its key. */
export const named = { flag: 'corrector', aliases: ['model'] };

/** Of the most rounds of a loop. */
export const mostRounds = { flag: 'maxRounds', aliases: ['rounds'] };

/** Of several coefficients. */
export const steps = { flag: 'coefficient', aliases: ['coefficients'] };

/** Of commands about a corrector. */
export const corrector = {
  model: text({
    ...named,
    value: 'model',
    help: `the corrector, or the model of given labels: ${modelNames}`,
    default: embedded.corrector,
  }),
} as const;

/** A direction that is given, with its steering where one was saved. @param usual what is taken else */
export function directionOption(usual: string): z.ZodOptional<z.ZodString> {
  return text({
    value: 'file',
    help: `the folder of a sweep, its steering.json, directions.safetensors, or an imported .gguf or .npy (default: ${usual})`,
  });
}

/** Of commands that steer. */
export const directionFile = {
  direction: directionOption("the model's own, else found now, as lat-scan does"),
} as const;

/** Where a direction comes from. */
export const stimuli = {
  stimuli: text({
    value: 'file',
    help: 'quadruples {question, prefix, last, correction} or other rows with sentences, or stimuli that extract labelled',
    default: stimuliFiles.validation,
  }),
  labels: choice(['behaviour', 'given'], {
    help: "labels of the stimuli: what the corrector does with them (default), or each line's own label, with a text, messages, or question, prefix and last",
  }),
  labelNames: list(
    {
      value: 'names',
      help: 'what the file calls given labels, the positive one first (default: positive,negative)',
    },
    z.string().min(1),
  ),
  keepLabelling: flag(
    'go on where the first sixty sentences are all copied, or none (default: stop and say so)',
  ),
} as const;

/** How many of the stimuli's sentences are looked at. */
export const labelLimit = {
  limit: integer({
    value: 'n',
    help: 'most quadruples that the corrector labels',
    default: 600,
    least: 2,
  }),
} as const;

export const method = {
  method: choice(methodNames, {
    help: 'how the direction is found',
    default: 'pca',
  }),
} as const;

/** Options of commands that answer questions. */
export const questionOptions = {
  questions: text({
    value: 'name',
    help: 'what is answered: generated:<split>, or a file of {question, answer}, {question, answer, correction} or quadruples (default: generated problems of --split)',
  }),
  split: choice(['validation', 'test'], { help: 'of the problems', default: 'test' }),
  scorer: list(
    {
      value: 'names',
      help: 'score every answer, too: classifier:<model>#<label>, text classifiers in ONNX; which way is better their label says, or =higher or =lower behind it',
    },
    z.string().min(1),
  ),
} as const;

/** The larger model of experiments over answers. */
export const upstream = {
  upstream: text({
    value: 'name',
    help: `the larger model: ${openedNames}`,
    default: embedded.upstream,
  }),
  ...samplingOptions,
} as const;

const testProblems = text({
  value: 'file',
  help: 'quadruples or other rows about questions: the problems that are tested',
  default: stimuliFiles.test,
});

/** Problems that are tested, and others. @param chosen what is chosen on those, e.g. `layers are named` */
export function problemFiles(chosen: string): {
  problems: typeof testProblems;
  validation: typeof testProblems;
} {
  const help = `the same, on which ${chosen}`;
  return {
    problems: testProblems,
    validation: text({ value: 'file', help, default: stimuliFiles.validation }),
  };
}
