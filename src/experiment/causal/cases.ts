/** What the unsteered corrector does with recorded sentences, and how its output begins. */
import type { Corrector } from '../../align/corrector.js';
import type { Decoder } from '../../runtime/decoder.js';
import { greedy } from './patches.js';
import type { CaseRecord } from './shape.js';
import type { CausalProblem } from './problems.js';

/** Whether a token is how a text begins; white space around it aside. */
export function begins(token: string, text: string): boolean {
  const trimmed = token.trim();
  return trimmed !== '' && text.startsWith(trimmed);
}

/** Whether the first token shows the decision: a copy's begins y1, a correction's does not. */
export function showsDecision({ label, beginsLast }: CaseRecord): boolean {
  return beginsLast === (label === 'copy');
}

/** One batch of cases, in the order of the problems. */
export async function labelCases(
  problems: readonly CausalProblem[],
  options: {
    corrector: Corrector;
    decoder: Pick<Decoder, 'forward'>;
    prompt: (problem: CausalProblem) => readonly number[];
    decode: (token: number) => string;
    signal?: AbortSignal;
  },
): Promise<Omit<CaseRecord, 'kind' | 'split'>[]> {
  const { corrector, decoder, prompt, decode, signal } = options;
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
    return {
      problem: id,
      label: correction.text === last ? 'copy' : 'correct',
      first,
      beginsLast: begins(decode(first), last),
      promptLength: tokens[i]?.length ?? 0,
    };
  });
}
