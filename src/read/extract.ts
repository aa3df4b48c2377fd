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
import { boundaryStates, type States } from './states.js';
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
  batchSize?: number;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

export interface Extracted {
  directions: Directions;
  health: Health;
  /** `[N, L, D]` at the boundary token, in the order of the stimuli. */
  states: States;
}

/**
 * Hidden states at the boundary token, a direction per layer from the training half (unless one is
 * given), and its health on the held-out half.
 * @throws on one label only, too few stimuli, and hidden states that are not finite.
 */
export async function extractDirections<S extends Stimulus>(
  options: ExtractOptions<S>,
): Promise<Extracted> {
  const { model, stimuli, method, seed, pairing, batchSize, onProgress, signal } = options;
  checkStimuli(stimuli, 'stimuli');
  const states = await boundaryStates({
    ...{ decoder: model.decoder, prompts: stimuli.map(options.prompt) },
    ...{ batchSize, onProgress, signal },
  });
  const training = trainingStates(stimuli, states);
  const directions = options.directions ?? makeDirections({ training, method, pairing, seed });
  const tokenize = (text: string): number[] => textIds(model.tokenizer, text);
  const health = assessHealth({ directions, stimuli, states, tokenize, seed, pairing });
  return { directions, health, states };
}
