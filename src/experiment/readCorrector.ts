/**
 * From a corrector and a file of recorded sentences to labelled stimuli, a direction and its health:
 * what a scan, an extraction and a sweep all begin with.
 */
import { createCorrector } from '../align/corrector.js';
import { streamAlignerPrompt } from '../align/prompts.js';
import { readAnnotatedQuadruples, readJsonl } from '../data/jsonl.js';
import type { Directions, LabelledStates } from '../read/directions.js';
import { extractDirections } from '../read/extract.js';
import { assessHealth, takeHalf, type Health } from '../read/health.js';
import type { Method } from '../read/methods.js';
import { meanNorms, type States } from '../read/states.js';
import { labelStimuli, lengthOf, type CorrectorInput, type Stimulus } from '../read/stimuli.js';
import { readStimuli } from '../read/stimuliFile.js';
import type { LanguageModel } from '../runtime/decoder.js';

/** `labelling`: the corrector writes; `states`: its hidden states are read. */
export type ReadingPhase = 'labelling' | 'states';

export interface ReadCorrectorOptions {
  model: LanguageModel;
  /** Annotated quadruples, labelled here by what the corrector does; or stimuli labelled before. */
  file: string;
  /** Default `pca`. */
  method?: Method;
  /** Judged in place of a direction made here. */
  directions?: Directions;
  /** Most quadruples that are labelled. Default 600. */
  candidates?: number;
  seed: number;
  onProgress?: (phase: ReadingPhase, done: number, total: number) => void;
  signal?: AbortSignal;
}

export interface CorrectorReading {
  stimuli: Stimulus[];
  directions: Directions;
  health: Health;
  /** `[N, L, D]` at the boundary token, in the order of the stimuli. */
  states: States;
  /** `[L]`, mean norm of the hidden states at the boundary token. */
  norms: number[];
  /** The half that directions are made from, for control directions. */
  training: LabelledStates;
  /** The corrector's prompt, as tokens. */
  prompt: (input: CorrectorInput) => number[];
}

/** @throws as {@link labelStimuli} and {@link extractDirections} do; on a bad line of the file. */
export async function readCorrector(options: ReadCorrectorOptions): Promise<CorrectorReading> {
  const { model, seed, method, onProgress, signal } = options;
  const prompt = promptTokens(model);
  const stimuli = await findStimuli(options);
  const extracted = await extractDirections({
    model,
    stimuli,
    prompt,
    seed,
    ...(method && { method }),
    ...(onProgress && { onProgress: (done, total) => onProgress('states', done, total) }),
    ...(signal && { signal }),
  });
  const { states } = extracted;
  const tokenize = (text: string): number[] => model.tokenizer.encode(text);
  const given = options.directions;
  const train = takeHalf(stimuli, states, 'train');
  return {
    stimuli,
    directions: given ?? extracted.directions,
    health: given
      ? assessHealth({ directions: given, stimuli, states, tokenize, seed })
      : extracted.health,
    states,
    norms: meanNorms(states),
    training: {
      states: train.states,
      labels: train.stimuli.map(({ label }) => label),
      lengths: train.stimuli.map(lengthOf),
    },
    prompt,
  };
}

/** The corrector's prompt for an input, in its chat template; the last token is the boundary. */
export function promptTokens(model: LanguageModel): (input: CorrectorInput) => number[] {
  const { tokenizer } = model;
  return (input) => tokenizer.encode(tokenizer.chatPrompt(streamAlignerPrompt(input)));
}

/** Stimuli from the file: labelled ones as they are, quadruples labelled by the corrector. */
async function findStimuli(options: ReadCorrectorOptions): Promise<Stimulus[]> {
  const { file, model, seed, candidates = 600, onProgress, signal } = options;
  const [first] = readJsonl<{ label?: unknown }>(file, {});
  if (first?.label !== undefined) return await readStimuli(file);
  const corrector = createCorrector({ model });
  return await labelStimuli({
    quadruples: readAnnotatedQuadruples(file),
    correct: async (inputs) => {
      signal?.throwIfAborted();
      const corrections = await corrector.correct(inputs, signal ? { signal } : {});
      return corrections.map(({ text }) => text);
    },
    seed,
    candidates,
    ...(onProgress && { onProgress: (done, total) => onProgress('labelling', done, total) }),
  });
}
