import { ci, count, rate, record, text, titled } from './parts.js';

const sentenceRate = record({ rate, n: count, ci });
const rates = { type: 'object', additionalProperties: sentenceRate };

/** `corrector.json`, see {@link import('../summaries.js').CorrectorSummary}. */
export const correctorSchema = titled(
  'corrector.json',
  'Sentence-level rates of a corrector on recorded quadruples.',
  record(
    {
      model: text,
      n: count,
      goodCopied: sentenceRate,
      badFixed: sentenceRate,
      neutralImproved: sentenceRate,
    },
    {
      surplusStopped: sentenceRate,
      missingWritten: sentenceRate,
      badCopied: sentenceRate,
      goodBroken: sentenceRate,
      byFault: rates,
      unseenFamily: rates,
      seenFamilies: rates,
    },
  ),
);
