import { sections } from '../paper/finding.js';
import { partKinds, tunings } from '../plan.js';
import {
  ci,
  count,
  list,
  number,
  numberOrNull,
  record,
  text,
  titled,
} from '../../experiment/schemas/parts.js';

const textOrNull = { type: ['string', 'null'] };
const probability = { type: ['number', 'null'], minimum: 0, maximum: 1 };

const finding = record({
  id: text,
  section: { enum: sections },
  about: text,
  source: text,
  claim: text,
  measure: text,
  unit: text,
  threshold: number,
  n: count,
  estimate: numberOrNull,
  ci,
  p: probability,
  adjustedP: probability,
  verdict: { enum: ['holds', 'opposite', 'undecided', 'untestable'] },
  note: textOrNull,
  records: list(text),
});

const part = record({
  name: text,
  kind: { enum: partKinds },
  model: textOrNull,
  role: { enum: ['corrector', 'aligner', null] },
  state: { enum: ['done', 'kept', 'failed', 'left out'] },
  milliseconds: numberOrNull,
  error: textOrNull,
});

const size = record({ corrector: text }, { aligner: text, expert: text, antiExpert: text });

/** `report.json`, see {@link import('../../experiment/summaries.js').ReportSummary}. */
export const reportSchema = titled(
  'report.json',
  "The paper's findings, each with its number and verdict, and the parts that were run.",
  record({
    models: record({
      upstream: text,
      sizes: list(size),
      tuned: record({}, Object.fromEntries(tunings.map((how) => [how, text]))),
    }),
    extent: { enum: ['default', 'quick'] },
    data: text,
    seed: number,
    level: number,
    findings: list(finding),
    parts: list(part),
    notes: list(text),
  }),
);
