/** AlpacaEval: answers of models, and annotations of judges. */
import { z } from 'zod';
import { checkedRow } from '../checkedRow.js';
import * as rows from './row.js';
import type { DataFormat } from './row.js';

const text = z.string();
const outputRow = z.object({
  instruction: rows.question,
  input: rows.optionalText,
  output: text,
  generator: rows.optionalText,
  dataset: rows.optionalText,
});

/** `{instruction, output, generator, dataset}`: a model's outputs, as `recorded:` takes them. */
export const alpacaOutputs: DataFormat = {
  title: 'AlpacaEval outputs',
  columns: '{instruction, output, generator}',
  fits: (row) => 'instruction' in row && 'output' in row,
  parse(given, place) {
    const row = checkedRow(given, outputRow, place);
    const { output: answer, generator: model } = row;
    if ((row.input ?? '') !== '') return { leftOut: 'with an input beside the instruction' };
    if (answer.trim() === '') return { leftOut: 'with an empty answer' };
    const head = rows.headOf({ question: row.instruction, group: row.dataset }, place);
    const sentences = rows.sentencesOf(head, { prefix: '', answer });
    const answers = [{ answer, ...(model !== undefined && { model }) }];
    return { ...head, form: 'answer', text: answer, answer: undefined, sentences, answers };
  },
};

const annotationRow = z.object({
  instruction: rows.question,
  output_1: text,
  output_2: text,
  generator_1: rows.optionalText,
  generator_2: rows.optionalText,
  annotator: rows.optionalText,
  dataset: rows.optionalText,
  preference: z.number().nullish(),
});

/**
 * `{instruction, output_1, generator_1, output_2, generator_2, preference, annotator}`: preference is 1
 * for the first, 2 for the second, or between them; 0 is AlpacaEval's older sign of a tie, 1.5.
 */
export const alpacaAnnotations: DataFormat = {
  title: 'AlpacaEval annotations',
  columns: '{instruction, output_1, output_2, generator_1, generator_2, preference}',
  fits: (row) => 'instruction' in row && 'output_1' in row && 'output_2' in row,
  parse(given, place) {
    const row = checkedRow(given, annotationRow, place);
    const head = rows.headOf({ question: row.instruction, group: row.dataset }, place);
    const preference = row.preference === 0 ? 1.5 : row.preference;
    if (typeof preference !== 'number') return { leftOut: 'without a preference' };
    if (!(preference >= 1 && preference <= 2)) {
      return { leftOut: 'whose preference is not from 1 to 2' };
    }
    const { annotator } = row;
    const verdict = {
      first: { model: row.generator_1 ?? 'output_1', answer: row.output_1 },
      second: { model: row.generator_2 ?? 'output_2', answer: row.output_2 },
      preference,
      ...(annotator !== undefined && { annotator }),
    };
    return { ...rows.bareRow(head), form: 'verdict', verdict };
  },
};
