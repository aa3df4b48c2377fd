/** What is to be corrected is offered as a draft of its correction, since most of it is copied. */
import type { GenerateRequest, Sampling, Tokenizer } from '../runtime/decoder.js';
import { sentenceAsWritten } from '../text/copied.js';

/** The drafts of a request; none where tokens are drawn, since only a greedy choice is verified. */
export function rowDrafts(
  texts: readonly string[],
  { tokenizer, sampling }: { tokenizer: Tokenizer; sampling: Sampling | undefined },
): Pick<GenerateRequest, 'drafts'> {
  if (sampling && sampling.temperature > 0) return {};
  return { drafts: texts.map((text) => sentenceAsWritten(tokenizer, text).ids) };
}
