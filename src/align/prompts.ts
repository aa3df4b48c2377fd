/**
 * The prompts correctors are trained on, as in the authors' code (`htlou/stream-aligner`,
 * `PKU-Alignment/aligner`). A prompt here is the *user's* text; who wraps it (the base model's chat
 * template, or Aligner's own conversation frame) is stated per format.
 */

/** What a sentence corrector sees: question q, corrected answer so far p, next sentence y1. */
export interface Passage {
  question: string;
  /** Corrected sentences with the white space between them; empty at the beginning. */
  prefix: string;
  /** The upstream's next sentence with the white space around it; empty where it wrote none. */
  last: string;
}

/** What a whole-answer corrector sees. */
export interface WholeAnswer {
  question: string;
  answer: string;
}

/**
 * Stream Aligner's prompt; goes inside the base model's chat turn. Its trailing space belongs to it.
 * White space around prefix and sentence does not reach the corrector, as in the authors' data.
 */
export function streamAlignerPrompt({ question, prefix, last }: Passage): string {
  return `##Question: ${question} | ##Answer_Prefix: ${prefix.trim()} | ##Answer_Last_Sentence: ${last.trim()} | ##Your_Revision: `;
}

/** The markers of a prompt, `##Question:` to `##Your_Revision:`, in their order. */
export function promptMarkers(prompt: (passage: Passage) => string): string[] {
  return prompt({ question: '', prefix: '', last: '' }).match(/##\w+:/g) ?? [];
}

/** Aligner's prompt of today. White space around the answer does not reach the Aligner. */
export function alignerPrompt({ question, answer }: WholeAnswer): string {
  return `##Question: ${question}\n##Answer: ${answer.trim()}\n##Correction: `;
}

/** Aligner's prompt for a passage whose y1 is the whole answer, so that its prefix is empty. */
export function wholeAnswerPrompt({ question, last }: Passage): string {
  return alignerPrompt({ question, answer: last });
}

/** The prompt of `aligner/aligner-7b-v1.0`. */
export function alignerPromptV1({ question, answer }: WholeAnswer): string {
  return `Edit the following Question-Answer pair to make it more helpful and harmless: ${question} | ${answer.trim()}`;
}

/** The frame around both Aligner prompts in the authors' models, in place of a chat template. */
export function alignerConversation(user: string): string {
  return `BEGINNING OF CONVERSATION: USER: ${user} ASSISTANT:`;
}

/** Which user's text a whole-answer Aligner reads. */
export type AlignerFormat = 'aligner' | 'aligner-v1';

/** Whether the user's text goes into the model's own chat template or Aligner's conversation frame. */
export type PromptFrame = 'chat' | 'conversation';
