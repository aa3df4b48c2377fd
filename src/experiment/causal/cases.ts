/** What the unsteered corrector does with recorded sentences, and how its output begins. */
import type { Corrector } from '../../align/corrector.js';
import { fitting, type Fitting } from '../../read/fitting.js';
import type { Decoder, LanguageModel } from '../../runtime/decoder.js';
import {
  beginsSentence,
  isCopy,
  sentenceAsWritten,
  type WrittenSentence,
} from '../../text/copied.js';
import { notesOf } from '../../text/notes.js';
import { greedy } from './patches.js';
import type { CaseRecord } from './shape.js';
import type { CausalProblem } from './problems.js';

/** What tells how y1 begins. */
export interface Beginnings {
  decode: (token: number) => string;
  /** y1 as the model would write it. Default: as it stands. */
  asWritten?: (last: string) => WrittenSentence;
}

/** Whether a token is how y1 begins; white space around it aside. */
export function begins(token: number, last: string, { decode, asWritten }: Beginnings): boolean {
  const sentence = asWritten?.(last) ?? { ids: [], text: last.trim(), whole: true };
  return beginsSentence({ decode: ([id = 0]) => decode(id) }, sentence, token);
}

/** Those of a model. */
export function beginningsOf({ tokenizer }: Pick<LanguageModel, 'tokenizer'>): Beginnings {
  return {
    decode: (token) => tokenizer.decode([token]),
    asWritten: (last) => sentenceAsWritten(tokenizer, last),
  };
}

/** Whether the first token shows the decision: a copy's begins y1, a correction's does not; what was cut off is neither. */
export function showsDecision({ label, beginsLast, finish }: CaseRecord): boolean {
  return finish === undefined && beginsLast === (label === 'copy');
}

/** The problems that leave the model a position to write in, see {@link fitting}. */
export function fittingProblems(
  problems: readonly CausalProblem[],
  { decoder, prompt }: Pick<LabelOptions, 'decoder' | 'prompt'>,
): Fitting<CausalProblem> {
  return fitting(problems, {
    ...{ decoder, tokens: prompt, what: 'problems', room: 1 },
    name: ({ id }) => id,
  });
}

interface LabelOptions extends Beginnings {
  corrector: Corrector;
  decoder: Pick<Decoder, 'forward' | 'info'>;
  prompt: (problem: CausalProblem) => readonly number[];
  signal?: AbortSignal;
}

/** One batch of cases, in the order of the problems. */
export async function labelCases(
  problems: readonly CausalProblem[],
  options: LabelOptions,
): Promise<Omit<CaseRecord, 'kind' | 'split'>[]> {
  const { corrector, decoder, prompt, signal } = options;
  const inputs = problems.map(({ question, prefix, last }) => ({ question, prefix, last }));
  const tokens = problems.map(prompt);
  const [corrections, rows] = await Promise.all([
    corrector.correct(inputs, signal ? { signal } : {}),
    decoder.forward({ tokens, logits: tokens.map((ids) => [ids.length - 1]) }),
  ]);
  return problems.map(({ id, last }, i) => {
    const [correction, row] = [corrections[i], rows[i]];
    if (!correction || !row) throw new Error(`causal: nothing came back for problem ${id}`);
    const first = greedy(row.logits);
    const copied = isCopy({ last, correction: correction.text });
    return {
      problem: id,
      label: copied ? 'copy' : 'correct',
      ...(correction.finish === 'context' && { finish: correction.finish }),
      first,
      beginsLast: begins(first, last, options),
      promptLength: tokens[i]?.length ?? 0,
      last,
      ...(!copied && { correction: correction.text }),
      ...notesOf(correction.notes),
    };
  });
}
