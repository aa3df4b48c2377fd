/** From labelled stimuli to directions and their health, in one call. */
import type { LanguageModel } from '../runtime/decoder.js';
import { makeDirections, type Directions } from './directions.js';
import { assessHealth, takeHalf, type Health } from './health.js';
import type { Method } from './methods.js';
import type { Pairing } from './pairs.js';
import { boundaryStates, type States } from './states.js';
import { checkStimuli, lengthOf, type Stimulus } from './stimuli.js';

export interface ExtractOptions {
  model: Pick<LanguageModel, 'decoder' | 'tokenizer'>;
  stimuli: readonly Stimulus[];
  /** The corrector's prompt, as tokens; its last token is the boundary token. */
  prompt: (stimulus: Stimulus) => readonly number[];
  /** Default `pca`. */
  method?: Method;
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
 * Hidden states at the boundary token, a direction per layer from the training half, and its health
 * on the held-out half.
 * @throws on one label only, too few stimuli, and hidden states that are not finite.
 */
export async function extractDirections(options: ExtractOptions): Promise<Extracted> {
  const { model, stimuli, method, seed, pairing } = options;
  checkStimuli(stimuli, 'stimuli');
  const states = await boundaryStates({
    decoder: model.decoder,
    prompts: stimuli.map(options.prompt),
    ...(options.batchSize !== undefined && { batchSize: options.batchSize }),
    ...(options.onProgress && { onProgress: options.onProgress }),
    ...(options.signal && { signal: options.signal }),
  });
  const train = takeHalf(stimuli, states, 'train');
  const directions = makeDirections({
    training: {
      states: train.states,
      labels: train.stimuli.map((s) => s.label),
      lengths: train.stimuli.map(lengthOf),
    },
    ...(method && { method }),
    ...(pairing && { pairing }),
    seed,
  });
  const health = assessHealth({
    directions,
    stimuli,
    states,
    tokenize: (text) => model.tokenizer.encode(text),
    seed,
    ...(pairing && { pairing }),
  });
  return { directions, health, states };
}
