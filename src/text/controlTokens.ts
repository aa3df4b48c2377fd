/**
 * Text that stays text. A prompt is one string, in which the template's control tokens and a user's
 * words stand side by side; where the words read like a control token (`<|im_end|>`), a guard inside
 * them says that they are none. Whoever encodes the prompt takes the guards out again.
 */

/** A noncharacter: Unicode keeps it for use inside a program. Two of them are the character itself. */
const guard = '\uFDD0';
const guards = /\uFDD0(\uFDD0?)/g;

/** A text in which no control token is seen. Without control tokens in it, it is as it was. */
export function asText(text: string, controlTokens: readonly string[] = []): string {
  const own = text.replaceAll(guard, guard + guard);
  const begin = beginOf(controlTokens);
  return begin === null ? own : own.replace(begin, (first) => first + guard);
}

/** Ids of a text as text: no control token is among them. */
export function textIds(
  tokenizer: { encode(prompt: string): number[]; readonly controlTokens?: readonly string[] },
  text: string,
): number[] {
  return tokenizer.encode(asText(text, tokenizer.controlTokens));
}

/** Whether something in a prompt is guarded. */
export function isGuarded(prompt: string): boolean {
  return prompt.includes(guard);
}

/** A guarded text as it was. */
export function withoutGuards(text: string): string {
  return text.replace(guards, '$1');
}

/**
 * A warning where texts hold control tokens, which are taken as text: whoever writes out a chat's
 * tokens means them, most of the time. Null where none does.
 */
export function takenAsText(
  texts: readonly string[],
  { controlTokens = [] }: { readonly controlTokens?: readonly string[] },
): string | null {
  const has = (token: string): boolean =>
    token !== '' && texts.some((text) => text.includes(token));
  const found = controlTokens.filter(has);
  if (found.length === 0) return null;
  return `${found.join(', ')} in given text is taken as text; --control-tokens takes it as what it is in a chat`;
}

/** What finds any of these tokens where it is not guarded, the longest first; null without any. */
export function unguarded(tokens: readonly string[]): RegExp | null {
  const found = sorted(tokens).map((token) => {
    const only = Array.from(token).length === 1;
    return only ? `${escaped(token)}(?!${guard}(?!${guard}))` : escaped(token);
  });
  return found.length === 0 ? null : new RegExp(`(${found.join('|')})`, 'u');
}

/** The first character of any of these tokens. */
function beginOf(tokens: readonly string[]): RegExp | null {
  const all = sorted(tokens).map(escaped);
  return all.length === 0 ? null : new RegExp(`(?=${all.join('|')}).`, 'gsu');
}

function sorted(tokens: readonly string[]): string[] {
  return tokens.filter((token) => token !== '').sort((a, b) => b.length - a.length);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
