/**
 * From a model and stimuli to a direction and its health: what a scan, an extraction and a sweep all
 * begin with. By hand: {@link findStimuli} labels, {@link extractDirections} reads and judges.
 */
import type { Passage } from '../../../align/prompts.js';
import { trainingStates, type Directions, type LabelledStates } from '../../../read/directions.js';
import { extractDirections, type ExtractOptions } from '../../../read/extract.js';
import { fitting } from '../../../read/fitting.js';
import type { Health } from '../../../read/healthTypes.js';
import type { OwnMethod } from '../../../read/methods/table.js';
import type { Method } from '../../../read/methods/names.js';
import { meanNorms, type AnyStates } from '../../../read/states.js';
import type { CorrectionStimulus, Stimulus, StimulusInput } from '../../../read/stimuli.js';
import type { LanguageModel } from '../../../runtime/decoder.js';
import { findStimuli, type FindStimuliOptions } from './findStimuli.js';
import type { LabelHow } from './labels.js';
import { stimulusTokens } from './stimulusTokens.js';

/** `labelling`: the corrector writes; `states`: its hidden states are read. */
export type ReadingPhase = 'labelling' | 'states';

export interface ReadStimuliOptions<S extends Stimulus = Stimulus> {
  model: LanguageModel;
  stimuli: readonly S[];
  /** The user's text of a corrector's input. Default: Stream Aligner's prompt. */
  prompt?: (passage: Passage) => string;
  /** Default `pca`. */
  method?: Method | OwnMethod;
  /** Judged in place of a direction made here. */
  directions?: Directions;
  seed: number;
  /** What is to stand among the warnings of the health. */
  notes?: readonly string[];
  /** Where states go that are too many for memory. */
  spill?: ExtractOptions['spill'];
  onProgress?: (phase: ReadingPhase, done: number, total: number) => void;
  signal?: AbortSignal;
}

export type ReadCorrectorOptions = Omit<ReadStimuliOptions, 'stimuli'> &
  Pick<FindStimuliOptions, 'source' | 'maxNewTokens' | 'candidates'> &
  Pick<LabelHow, 'keptIn' | 'store' | 'onCounts' | 'keepLabelling'>;

export interface Reading<S extends Stimulus = Stimulus> {
  stimuli: S[];
  directions: Directions;
  health: Health;
  /** `[N, L, D]` at the boundary token, in the order of the stimuli. */
  states: AnyStates;
  /** `[L]`, mean norm of the hidden states at the boundary token. */
  norms: number[];
  /** The half that directions are made from, for control directions. */
  training: LabelledStates;
  /** A stimulus as tokens. */
  prompt: (input: StimulusInput) => number[];
  /** What was left out, or must be known of the labels; among the health's warnings too. */
  notes?: readonly string[];
}

export type CorrectorReading = Reading<CorrectionStimulus>;

/** Labels by behaviour, then {@link readLabelled}. @throws as its parts do. */
export async function readCorrector(options: ReadCorrectorOptions): Promise<CorrectorReading> {
  const { onProgress } = options;
  const notes: string[] = [];
  const stimuli = await findStimuli({
    ...options,
    onNote: (text) => notes.push(text),
    onProgress: onProgress && ((done, total) => onProgress('labelling', done, total)),
  });
  return await readLabelled({ ...options, stimuli, notes });
}

/**
 * Hidden states of labelled stimuli, a direction and its health. Stimuli that are too long for the
 * model are left out; the health's warnings name them.
 * @throws as {@link extractDirections} does.
 */
export async function readLabelled<S extends Stimulus>(
  options: ReadStimuliOptions<S>,
): Promise<Reading<S>> {
  const { model, seed, method, onProgress, signal } = options;
  const prompt = stimulusTokens(model, options.prompt);
  const { kept: stimuli, warnings } = fitting(options.stimuli, {
    ...{ decoder: model.decoder, tokens: prompt, what: 'stimuli' },
    name: ({ id }) => id,
  });
  const {
    states,
    directions,
    health: found,
  } = await extractDirections({
    ...{ model, stimuli, prompt, seed, method, signal },
    ...{ directions: options.directions, spill: options.spill },
    onProgress: onProgress && ((done, total) => onProgress('states', done, total)),
  });
  const training = trainingStates(stimuli, states);
  const norms = meanNorms(states);
  const known = [...(options.notes ?? []), ...warnings];
  const health = known.length === 0 ? found : { ...found, warnings: [...known, ...found.warnings] };
  return { stimuli, directions, health, states, norms, training, prompt, notes: known };
}
