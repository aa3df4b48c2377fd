/**
 * What a server says of the probabilities of the tokens it writes. Some servers ignore the request and
 * some give each token the numbers of its neighbour, so that none is believed before it was tried.
 */
import { fieldOf } from './field.js';

/** One token of an answer. Natural logarithms. */
export interface TokenProbability {
  token: string;
  logprob: number;
  /** The likeliest tokens of that place. */
  top: readonly { token: string; logprob: number }[];
}

/** What is sent to have them with a chat. */
export const logprobFields = { logprobs: true, top_logprobs: 8 } as const;

/** The same with a prompt; more than five are refused by some. */
export const promptLogprobFields = { logprobs: 5 } as const;

/** `logprobs` of a choice; empty where there are none, or they have another form. */
export function tokensIn(logprobs: unknown): TokenProbability[] {
  const content = fieldOf(logprobs, 'content') ?? listedTokens(logprobs);
  const list: unknown[] = Array.isArray(content) ? content : [];
  return list.flatMap((item) => {
    const own = tokenIn(item);
    const others: unknown = fieldOf(item, 'top_logprobs');
    const top: unknown[] = Array.isArray(others) ? others : [];
    return own ? [{ ...own, top: top.flatMap((other) => tokenIn(other) ?? []) }] : [];
  });
}

/** The older form, of answers to prompts: a list for each field. */
function listedTokens(logprobs: unknown): object[] {
  const [tokens, own, top] = ['tokens', 'token_logprobs', 'top_logprobs'].map(
    (field): unknown[] => {
      const list: unknown = fieldOf(logprobs, field);
      return Array.isArray(list) ? list : [];
    },
  );
  return (tokens ?? []).map((token, i) => ({
    ...{ token, logprob: own?.[i] },
    top_logprobs: Object.entries(top?.[i] ?? {}).map(([other, logprob]: [string, unknown]) => {
      return { token: other, logprob };
    }),
  }));
}

function tokenIn(value: unknown): { token: string; logprob: number } | null {
  const token = fieldOf(value, 'token');
  const logprob = fieldOf(value, 'logprob');
  if (typeof token !== 'string' || typeof logprob !== 'number') return null;
  // JSON has numbers beyond all bounds, and no probability is above 1.
  return Number.isFinite(logprob) && logprob <= 1e-3 ? { token, logprob } : null;
}

/** Whose answer is known, and of several tokens, since a shift shows between neighbours alone. */
export const logprobQuestion = 'Count from one to nine in digits, with a space between them.';

const fewest = 4;

/**
 * Whether the numbers of a greedy answer can be what they say: the tokens make up its text, each is
 * the likeliest of its place, and no place has more than all of the probability.
 */
export function areReal(tokens: readonly TokenProbability[], text: string): boolean {
  // The token that ends an answer stands in some servers' lists, and in no text.
  const { written, rest } = writtenOf(tokens, text);
  if (rest !== '' || written.length < fewest) return false;
  if (new Set(written.map(({ token }) => token)).size < 3) return false;
  return written.every(({ token, logprob, top }) => {
    const own = top.find((other) => other.token === token);
    const likeliest = Math.max(...top.map((other) => other.logprob));
    const all = top.reduce((sum, other) => sum + Math.exp(other.logprob), 0);
    return (
      own !== undefined && near(own.logprob, logprob) && near(likeliest, logprob) && all < 1.01
    );
  });
}

function writtenOf(
  tokens: readonly TokenProbability[],
  text: string,
): { written: TokenProbability[]; rest: string } {
  const written: TokenProbability[] = [];
  let rest = text;
  for (const token of tokens) {
    if (rest === '' || !rest.startsWith(token.token)) break;
    rest = rest.slice(token.token.length);
    written.push(token);
  }
  return { written, rest };
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) < 1e-3;
}

/**
 * Probabilities of the letters that could stand at a place of an answer, in place of the one there:
 * those of tokens that differ in that letter alone, made to sum to 1.
 * @param at index into the text, in UTF-16 units
 * @returns null where the tokens do not make up the text so far, or none of the letters is among the
 *   likeliest.
 */
export function lettersAt(
  { tokens, text }: { tokens: readonly TokenProbability[]; text: string },
  at: number,
  letters: readonly string[],
): Record<string, number> | null {
  let start = 0;
  for (const { token, top } of tokens) {
    if (!text.startsWith(token, start)) return null;
    if (start + token.length <= at) {
      start += token.length;
      continue;
    }
    const before = token.slice(0, at - start);
    const after = token.slice(at - start + 1);
    const weights = letters.map((letter) =>
      top
        .filter((other) => other.token === before + letter + after)
        .reduce((sum, { logprob }) => sum + Math.exp(logprob), 0),
    );
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    if (all === 0) return null;
    return Object.fromEntries(letters.map((letter, i) => [letter, (weights[i] ?? 0) / all]));
  }
  return null;
}
