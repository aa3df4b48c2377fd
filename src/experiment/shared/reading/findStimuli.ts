/** Labelled stimuli, from whatever a corrector is to be read on. */
import { createCorrector } from '../../../align/corrector.js';
import type { Passage } from '../../../align/prompts.js';
import { anyRow, readDataText, readJsonl } from '../../../data/jsonl.js';
import { readAnnotatedQuadruples } from '../../../data/questionRows.js';
import type { RecordedSentence } from '../../../data/types.js';
import { balancedStimuli, labelCandidates } from '../../../read/labelling.js';
import { parseStimuli } from '../../../read/stimuliFile.js';
import type { CorrectionStimulus } from '../../../read/stimuli.js';
import type { LanguageModel } from '../../../runtime/decoder.js';
import { labelOutputs, type LabelHow } from './labels.js';

/** Recorded sentences, or stimuli labelled before; or the path of a file of either. */
export type StimuliSource = string | readonly RecordedSentence[] | readonly CorrectionStimulus[];

export interface FindStimuliOptions extends LabelHow {
  model: LanguageModel;
  source: StimuliSource;
  /** The user's text. Default: Stream Aligner's prompt. */
  prompt?: (passage: Passage) => string;
  /** Longest correction in tokens. Default: the corrector's. */
  maxNewTokens?: number;
  /** Most quadruples that are labelled. Default 600. */
  candidates?: number;
  seed: number;
}

/**
 * Labelled stimuli as they are; quadruples are labelled by what the corrector does with them.
 * @throws where too few stimuli of a label are left, and as {@link labelOutputs}; on a bad line of a
 *   file.
 */
export async function findStimuli(options: FindStimuliOptions): Promise<CorrectionStimulus[]> {
  const { model, prompt, maxNewTokens, seed, candidates = 600 } = options;
  const items = readSource(options.source);
  if (isLabelled(items)) return [...items];
  const corrector = createCorrector({ model, prompt, maxNewTokens });
  const chosen = labelCandidates({ quadruples: items, seed, candidates });
  const outputs = await labelOutputs(corrector, chosen, options);
  return balancedStimuli(chosen, outputs, { seed });
}

type Items = Exclude<StimuliSource, string>;

/**
 * What a file holds, as its first row says; what is no path as it is.
 * @throws where it cannot be read, and with its place on a row that does not fit.
 */
export function readSource(source: StimuliSource): Items {
  if (typeof source !== 'string') return source;
  const [first] = readJsonl(source, anyRow);
  if (first?.label === undefined) return readAnnotatedQuadruples(source);
  return parseStimuli(readDataText(source), source);
}

function isLabelled(items: Items): items is readonly CorrectionStimulus[] {
  return items.length > 0 && items.every((item) => 'label' in item);
}
