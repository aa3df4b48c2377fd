/** What the paper says that small models of arithmetic cannot show; each with what it would take. */
import type { PaperFinding } from './finding.js';

const judged =
  'Needs large models and a judge of texts. What it takes: an ONNX upstream and a corrector trained on the official data (training/README.md), named by --upstream and --corrector; questions (--questions, e.g. hh-rlhf:harmless-base/test); and --judge, a model behind a server or people (docs/judges.md).';
const large =
  'Needs that upstream and a corrector trained for it as ONNX: aligner-lab reproduce --upstream <70B> --corrector <8B> --questions <questions.jsonl> tests it, judged by the final answer.';

const claims: readonly (readonly [
  id: string,
  source: string,
  claim: string,
  measure: string,
  note: string,
  /** Tested after all where a judge has this criterion. */
  criterion?: string,
])[] = [
  [
    'helpfulness',
    'Figure 3',
    'Llama2-70B-chat with a 2B corrector: +41.2 % helpful (elsewhere in the text up to 76.1 %).',
    'win rate in helpfulness against the upstream alone',
    judged,
    'helpful',
  ],
  [
    'harmlessness',
    'Figure 3',
    'Llama2-70B-chat with a 2B corrector: +36.0 % harmless, and it keeps rising with the rounds.',
    'win rate in harmlessness against the upstream alone',
    judged,
    'harmless',
  ],
  [
    'helpfulness-falls',
    'Figure 3',
    'Helpfulness falls again after some rounds, as answers grow wordy.',
    'win rate in helpfulness after the last round minus that at its best round',
    judged,
    'helpful',
  ],
  [
    'maths-70b',
    'text',
    'Llama3-70B-Instruct with an 8B corrector: +3.5 % on maths (elsewhere up to 19.0 %).',
    'accuracy with correction minus that of the upstream alone',
    large,
  ],
  [
    'corrector-70b',
    'text',
    'A 70B corrector on a 70B upstream: +3.6 % on maths after 15 rounds, +4.1 % after 20.',
    'accuracy after 15 and after 20 rounds minus that of the upstream alone',
    large,
  ],
  [
    'summary',
    'text',
    'A summary task is named, without a result.',
    'win rate of corrected summaries against the upstream alone',
    judged,
  ],
];

/** @param criteria by which a judge compares answers, so that what is said of them is tested */
export function elsewhereFindings(criteria: readonly string[]): PaperFinding[] {
  const left = claims.filter(([, , , , , by]) => by === undefined || !criteria.includes(by));
  return left.map(([id, source, claim, measure, note]) => ({
    section: 'elsewhere',
    about: '',
    parts: [],
    rule: { ...{ id, source, claim, measure }, unit: 'points', threshold: 0 },
    measure: () => null,
    note,
  }));
}
