/** Labelled stimuli, from whatever a corrector is to be read on. */
import { createCorrector } from '../../../align/corrector.js';
import type { Passage } from '../../../align/prompts.js';
import { anyRow } from '../../../data/checkedRow.js';
import type { DataPlace, DataSource } from '../../../data/files/place.js';
import { streamRows } from '../../../data/files/rows.js';
import { readAnnotatedQuadruples, type ReadDataOptions } from '../../../data/questionRows.js';
import type { RecordedSentence } from '../../../data/types.js';
import { namedLong } from '../../../read/fitting.js';
import { balancedStimuli, labelCandidates } from '../../../read/labelling.js';
import { readStimuli } from '../../../read/stimuliFile.js';
import type { CorrectionStimulus } from '../../../read/stimuli.js';
import type { LanguageModel } from '../../../runtime/decoder.js';
import { lengthWarnings } from '../lengthWarnings.js';
import { labelOutputs, type LabelHow } from './labels.js';
import { stimulusTokens } from './stimulusTokens.js';

/** Recorded sentences, or stimuli labelled before; or data of either. */
export type StimuliSource =
  DataSource | readonly RecordedSentence[] | readonly CorrectionStimulus[];

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
  /** Told what must be known of the labels. */
  onNote?: (text: string) => void;
}

/**
 * Labelled stimuli as they are; quadruples are labelled by what the corrector does with them. One
 * that it had no positions for is no stimulus.
 * @throws where too few stimuli of a label are left, and as {@link labelOutputs}; on a bad line of a
 *   file.
 */
export async function findStimuli(options: FindStimuliOptions): Promise<CorrectionStimulus[]> {
  const { model, prompt, maxNewTokens, seed, candidates = 600 } = options;
  const items = await readSource(options.source);
  if (isLabelled(items)) return [...items];
  const corrector = createCorrector({ model, prompt, maxNewTokens });
  const chosen = labelCandidates({ quadruples: items, seed, candidates });
  const labels = await labelOutputs(corrector, chosen, options);
  labelNotes(chosen, labels, stimulusTokens(model, prompt), model).forEach((note) =>
    options.onNote?.(note),
  );
  const outputs = labels.map(({ output, finish }) => (finish === 'context' ? null : output));
  return balancedStimuli(chosen, outputs, { seed });
}

/** Which sentences the model had no positions for, and whether most outputs ran on to the limit. */
function labelNotes(
  chosen: readonly RecordedSentence[],
  labels: readonly { finish: string }[],
  tokens: (input: RecordedSentence) => readonly number[],
  { decoder }: Pick<LanguageModel, 'decoder'>,
): string[] {
  const positions = decoder.info.context?.positions ?? 0;
  const long = chosen.filter((_, i) => labels[i]?.finish === 'context');
  const named = long.map((one) => ({ name: one.problem, tokens: tokens(one).length, positions }));
  const tooLong = `context: ${long.length} of ${chosen.length} sentences are left out, too long (${namedLong(named)})`; // prettier-ignore
  const cut = labels.filter(({ finish }) => finish === 'length').length;
  return [...(long.length > 0 ? [tooLong] : []), ...lengthWarnings('outputs', cut, labels.length)];
}

type Items = readonly RecordedSentence[] | readonly CorrectionStimulus[];

/**
 * What data hold, as their first row says; what are no data as they are.
 * @throws where it cannot be read, and with its place on a row that does not fit.
 */
export async function readSource(
  source: StimuliSource,
  { onReport }: Pick<ReadDataOptions, 'onReport'> = {},
): Promise<Items> {
  if (!isData(source)) return source;
  if (await isLabelledData(source)) return await readStimuli(source);
  return await readAnnotatedQuadruples(source, { onReport });
}

function isData(source: StimuliSource): source is string | DataPlace {
  return !Array.isArray(source);
}

async function isLabelledData(source: DataSource): Promise<boolean> {
  for await (const { row } of streamRows(source)) {
    return anyRow.safeParse(row).data?.label !== undefined;
  }
  return false;
}

function isLabelled(items: Items): items is readonly CorrectionStimulus[] {
  return items.length > 0 && items.every((item) => 'label' in item);
}
