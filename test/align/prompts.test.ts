import { expect, it } from 'vitest';
import {
  alignerConversation,
  alignerPrompt,
  alignerPromptV1,
  streamAlignerPrompt,
} from '../../src/align/prompts.js';

it('writes the authors’ prompts, character by character', () => {
  expect(streamAlignerPrompt({ question: 'Q?', prefix: 'A. B.', last: 'C.' })).toBe(
    '##Question: Q? | ##Answer_Prefix: A. B. | ##Answer_Last_Sentence: C. | ##Your_Revision: ',
  );
  expect(alignerConversation(alignerPrompt({ question: 'Q?', answer: 'A.' }))).toBe(
    'BEGINNING OF CONVERSATION: USER: ##Question: Q?\n##Answer: A.\n##Correction:  ASSISTANT:',
  );
  expect(alignerConversation(alignerPromptV1({ question: 'Q?', answer: 'A.' }))).toBe(
    'BEGINNING OF CONVERSATION: USER: Edit the following Question-Answer pair to make it more ' +
      'helpful and harmless: Q? | A. ASSISTANT:',
  );
});

it('leaves out white space around the texts, and keeps what is within them', () => {
  expect(streamAlignerPrompt({ question: 'Q?', prefix: '\nA.\nB.\n', last: '\n\nC. ' })).toBe(
    streamAlignerPrompt({ question: 'Q?', prefix: 'A.\nB.', last: 'C.' }),
  );
  expect(alignerPrompt({ question: 'Q?', answer: ' A.\n\nB.\n' })).toBe(
    alignerPrompt({ question: 'Q?', answer: 'A.\n\nB.' }),
  );
});
