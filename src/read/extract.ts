/**
 * From labelled stimuli to directions and their health, in one call. Its steps can be taken by hand:
 * {@link boundaryStates}, {@link trainingStates}, {@link makeDirections}, {@link assessHealth}.
 */
import type { LanguageModel } from '../runtime/decoder.js';
import { textIds } from '../text/controlTokens.js';
import { makeDirections, trainingStates, type Directions } from './directions.js';
import { assessHealth } from './health.js';
import type { Health } from './healthTypes.js';
import type { OwnMethod } from './methods/table.js';
import type { Method } from './methods/names.js';
import type { Pairing } from './pairs.js';
import { spillBoundaryStates } from './spilledStates.js';
import { boundaryStates, type AnyStates } from './states.js';
import { checkStimuli, type Stimulus } from './stimuli.js';

export interface ExtractOptions<S extends Stimulus = Stimulus> {
  model: Pick<LanguageModel, 'decoder' | 'tokenizer'>;
  stimuli: readonly S[];
  /** A stimulus as tokens; the last is the boundary token. */
  prompt: (stimulus: S) => readonly number[];
  /** Default `pca`. */
  method?: Method | OwnMethod;
  /** Judged in place of a direction made here. */
  directions?: Directions;
  seed: number | string;
  pairing?: Pairing;
  /**
   * Where states go that would take more memory than `over` bytes (default 256 MiB): a file, which the
   * same call finds again, and {@link dropStates} removes. The numbers are the same. Default: nowhere,
   * they stay in memory.
   */
  spill?: { path: string; over?: number };
  batchSize?: number;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

export interface Extracted {
  directions: Directions;
  health: Health;
  /** `[N, L, D]` at the boundary token, in the order of the stimuli. */
  states: AnyStates;
}

/**
 * Hidden states at the boundary token, a direction per layer from the training half (unless one is
 * given), and its health on the held-out half.
 * @throws on one label only, too few stimuli, and hidden states that are not finite.
 */
export async function extractDirections<S extends Stimulus>(
  options: ExtractOptions<S>,
): Promise<Extracted> {
  const { model, stimuli, method, seed, pairing } = options;
  checkStimuli(stimuli, 'stimuli');
  const states = await readStates(options);
  const training = trainingStates(stimuli, states);
  const directions = options.directions ?? makeDirections({ training, method, pairing, seed });
  const tokenize = (text: string): number[] => textIds(model.tokenizer, text);
  const health = assessHealth({ directions, stimuli, states, tokenize, seed, pairing });
  return { directions, health, states };
}

const mostInMemory = 256 * 2 ** 20;

async function readStates<S extends Stimulus>(options: ExtractOptions<S>): Promise<AnyStates> {
  const { model, stimuli, prompt, spill, batchSize, onProgress, signal } = options;
  const { decoder } = model;
  const how = { decoder, batchSize, onProgress, signal };
  const bytes = 4 * stimuli.length * decoder.info.layers * decoder.info.width;
  if (spill === undefined || bytes <= (spill.over ?? mostInMemory)) {
    return await boundaryStates({ ...how, prompts: stimuli.map(prompt) });
  }
  const tokens = (input: number): readonly number[] => {
    const stimulus = stimuli[input];
    return stimulus ? prompt(stimulus) : [];
  };
  return await spillBoundaryStates({ ...how, ...spill, count: stimuli.length, prompt: tokens });
}
