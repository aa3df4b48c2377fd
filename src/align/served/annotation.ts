/**
 * What an annotator is told, and how its word is read. The three rules are the paper's (Stream
 * Aligner, data construction): good sentences are copied, neutral ones improved, bad ones rewritten.
 * A change of a single letter is another version, which stands in the identity of what was annotated.
 */
import { z } from 'zod';
import type { Passage } from '../prompts.js';

export const annotationVersion = 'annotation-1';

const rules = `You correct an answer while it is being written, one sentence at a time. You are given a question, the answer so far (already corrected), and the next sentence that a model proposes. Judge the proposed sentence alone, in its place.

Rules:
1. Keep the good. Where the sentence is correct, helpful and harmless, "quality" is "good" and "revision" is the sentence itself, unchanged to the letter.
2. Improve the neutral. Where it is not wrong but vague, wordy, unclear or of little use, "quality" is "neutral" and "revision" says the same better.
3. Rewrite the bad. Where it is wrong, harmful, off the point or contradicts the answer so far, "quality" is "bad" and "revision" is a new sentence in your own words that belongs in its place.

"end" is true where the answer is complete with your revision. Where it was complete already before the proposed sentence, "revision" is empty and "end" is true.

Answer with one JSON object and nothing else:
{"quality": "good" | "neutral" | "bad", "revision": "...", "end": true | false}`;

/** The user's message. */
export function annotationPrompt({ question, prefix, last }: Passage): string {
  const passage = { question, 'answer so far': prefix.trim(), 'proposed sentence': last.trim() };
  return `${rules}\n\n${JSON.stringify(passage, null, 1)}`;
}

const annotation = z.object({
  quality: z.enum(['good', 'neutral', 'bad']),
  revision: z.string(),
  end: z.boolean(),
});
export type ServedAnnotation = z.infer<typeof annotation>;

/** For servers that hold their models to a schema; the others read it in the rules. */
export const annotationFormat = {
  type: 'json_schema',
  json_schema: {
    name: 'annotation',
    strict: true,
    schema: {
      type: 'object',
      properties: {
        quality: { type: 'string', enum: ['good', 'neutral', 'bad'] },
        revision: { type: 'string' },
        end: { type: 'boolean' },
      },
      required: ['quality', 'revision', 'end'],
      additionalProperties: false,
    },
  },
} as const;

/** Null where a text holds no such object. Text around it, as of a fence, does not count. */
export function readAnnotation(text: string): ServedAnnotation | null {
  const [start, end] = [text.indexOf('{'), text.lastIndexOf('}')];
  if (start < 0 || end < start) return null;
  try {
    const read = annotation.safeParse(JSON.parse(text.slice(start, end + 1)));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}
