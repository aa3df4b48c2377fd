/**
 * From a corrector and recorded sentences to labelled stimuli, a direction and its health:
 * what a scan, an extraction and a sweep all begin with.
 */
import { createCorrector } from '../../align/corrector.js';
import { streamAlignerPrompt, type Passage } from '../../align/prompts.js';
import { readAnnotatedQuadruples, readJsonl } from '../../data/jsonl.js';
import type { AnnotatedQuadruple } from '../../data/types.js';
import type { Directions, LabelledStates } from '../../read/directions.js';
import { extractDirections } from '../../read/extract.js';
import { assessHealth, takeHalf, type Health } from '../../read/health.js';
import type { Method } from '../../read/methods.js';
import { meanNorms, type States } from '../../read/states.js';
import { labelStimuli, lengthOf, type CorrectorInput, type Stimulus } from '../../read/stimuli.js';
import { readStimuli } from '../../read/stimuliFile.js';
import type { LanguageModel } from '../../runtime/decoder.js';

/** `labelling`: the corrector writes; `states`: its hidden states are read. */
export type ReadingPhase = 'labelling' | 'states';

export interface ReadCorrectorOptions {
  model: LanguageModel;
  /**
   * Annotated quadruples, labelled here by what the corrector does; or stimuli labelled before; or
   * the path of a file of either.
   */
  source: string | readonly AnnotatedQuadruple[] | readonly Stimulus[];
  /** The user's text. Default: Stream Aligner's prompt. */
  prompt?: (passage: Passage) => string;
  /** Longest correction in tokens, for labelling. Default: the corrector's. */
  maxNewTokens?: number;
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

/** @throws as {@link labelStimuli} and {@link extractDirections} do; on a bad line of a file. */
export async function readCorrector(options: ReadCorrectorOptions): Promise<CorrectorReading> {
  const { model, seed, method, onProgress, signal } = options;
  const prompt = promptTokens(model, options.prompt);
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
export function promptTokens(
  model: LanguageModel,
  prompt: (passage: Passage) => string = streamAlignerPrompt,
): (input: CorrectorInput) => number[] {
  const { tokenizer } = model;
  return (input) => tokenizer.encode(tokenizer.chatPrompt(prompt(input)));
}

/** Labelled stimuli as they are, quadruples labelled by the corrector. */
async function findStimuli(options: ReadCorrectorOptions): Promise<Stimulus[]> {
  const { source, model, prompt, maxNewTokens, seed, candidates = 600 } = options;
  const { onProgress, signal } = options;
  const read = await readSource(source);
  if (isLabelled(read)) return [...read];
  const corrector = createCorrector({
    model,
    ...(prompt && { prompt }),
    ...(maxNewTokens !== undefined && { maxNewTokens }),
  });
  return await labelStimuli({
    quadruples: read,
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

type Items = Exclude<ReadCorrectorOptions['source'], string>;

async function readSource(source: string | Items): Promise<Items> {
  if (typeof source !== 'string') return source;
  const [first] = readJsonl<{ label?: unknown }>(source, {});
  return first?.label === undefined ? readAnnotatedQuadruples(source) : await readStimuli(source);
}

function isLabelled(items: Items): items is readonly Stimulus[] {
  return items.length > 0 && items.every((item) => 'label' in item);
}
