import { describe, expect, it } from 'vitest';
import { stimulusTokens } from '../../../src/experiment/shared/reading/stimulusTokens.js';
import { createPlanted } from '../../read/planted.js';

describe('stimulusTokens', () => {
  const { tokenizer } = createPlanted();
  const seen: string[] = [];
  const listening = {
    ...tokenizer,
    encode: (text: string) => tokenizer.encode(`<chat> ${text}`),
    encodePlain: (text: string) => tokenizer.encode(`<plain> ${text}`),
    chat: (messages: readonly { role: string; content: string }[]) =>
      messages.map(({ role, content }) => `${role}: ${content}`).join(' '),
    chatPrompt: (user: string) => {
      seen.push(user);
      return `user: ${user}`;
    },
  };
  const tokens = stimulusTokens({ tokenizer: listening }, ({ last }) => `mend ${last}`);
  const textOf = (input: Parameters<typeof tokens>[0]): string => tokenizer.decode(tokens(input));

  it('takes a text as it is, a chat in the template, and an input in the corrector’s prompt', () => {
    expect(textOf({ text: 'so it is' })).toBe('<plain> so it is');
    const messages = [
      { role: 'user', content: 'why' },
      { role: 'assistant', content: 'because' },
    ];
    expect(textOf({ messages })).toBe('<chat> user: why assistant: because');
    expect(textOf({ question: 'q', prefix: '', last: 'this' })).toBe('<chat> user: mend this');
    expect(seen).toEqual(['mend this']);
  });
});
