/** What a model is given to read, as tokens; the last is the boundary token. */
import { streamAlignerPrompt, type Passage } from '../../../align/prompts.js';
import type { StimulusInput } from '../../../read/stimuli.js';
import type { LanguageModel } from '../../../runtime/decoder.js';

/**
 * A corrector's input in its prompt and the model's chat template; a chat in the template; a text
 * as it is.
 * @param prompt the user's text of a corrector's input. Default: Stream Aligner's prompt.
 */
export function stimulusTokens(
  { tokenizer }: Pick<LanguageModel, 'tokenizer'>,
  prompt: (passage: Passage) => string = streamAlignerPrompt,
): (input: StimulusInput) => number[] {
  return (input) => {
    if ('text' in input) return tokenizer.encodePlain(input.text);
    if ('messages' in input) return tokenizer.encode(tokenizer.chat(input.messages));
    return tokenizer.encode(tokenizer.chatPrompt(prompt(input)));
  };
}
