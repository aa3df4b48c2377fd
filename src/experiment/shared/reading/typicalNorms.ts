/** The unit of steering, measured on a handful of prompts: no label is needed for it. */
import { nameOf, type DataSource } from '../../../data/files/place.js';
import { readAnnotatedQuadruples } from '../../../data/questionRows.js';
import { createRandom } from '../../../math/random.js';
import { dataRows } from '../../../read/jsonRows.js';
import { parseInput } from '../../../read/givenRows.js';
import { fitting } from '../../../read/fitting.js';
import { boundaryStates, meanNorms } from '../../../read/states.js';
import type { StimulusInput } from '../../../read/stimuli.js';
import type { LanguageModel } from '../../../runtime/decoder.js';
import { hasSentence } from '../../../text/copied.js';
import { stimulusTokens } from './stimulusTokens.js';

export interface TypicalNormsOptions {
  model: LanguageModel;
  /** Quadruples or stimuli of either sort; their labels are not looked at. */
  source: DataSource;
  /** Most prompts that are read. Default 32. */
  count?: number;
  /** Chooses them. */
  seed: number;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** `[L]`, mean norm of the hidden states at the boundary token. @throws where the file has no input. */
export async function typicalNorms(options: TypicalNormsOptions): Promise<number[]> {
  const { model, source, count = 32, seed, onProgress, signal } = options;
  const inputs = createRandom(seed)
    .fork('mean norms')
    .shuffle(await readInputs(source))
    .slice(0, count);
  if (inputs.length === 0) throw new Error(`${nameOf(source)}: no prompt to measure mean norms on`);
  const { kept: prompts } = fitting(inputs.map(stimulusTokens(model)), {
    ...{ decoder: model.decoder, tokens: (ids: number[]) => ids, what: 'prompts' },
    name: (ids) => model.tokenizer.decode(ids.slice(0, 8)),
  });
  return meanNorms(await boundaryStates({ decoder: model.decoder, prompts, onProgress, signal }));
}

/** Those without a sentence as y1 are passed over. */
async function readInputs(source: DataSource): Promise<StimulusInput[]> {
  const rows = await dataRows(source);
  const isInput = ({ record }: (typeof rows)[number]): boolean =>
    ['text', 'messages', 'label'].some((key) => key in record);
  if (!rows.some(isInput)) {
    return (await readAnnotatedQuadruples(source)).filter(({ last }) => hasSentence(last));
  }
  return rows.flatMap((row) => {
    const { last } = row.record;
    return typeof last === 'string' && !hasSentence(last) ? [] : [parseInput(row)];
  });
}
