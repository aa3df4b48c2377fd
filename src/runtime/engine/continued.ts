import type { GenerateRequest, GenerateRow } from '../decoder.js';

/** The request as it goes on: what rows have written belongs to their prompts. */
export function continued(
  { prompts, promptLengths }: GenerateRequest,
  written: ReadonlyMap<number, Pick<GenerateRow, 'tokens'>>,
): Pick<GenerateRequest, 'prompts' | 'promptLengths'> {
  if (written.size === 0) return { prompts, promptLengths };
  return {
    prompts: prompts.map((prompt, row) => [...prompt, ...(written.get(row)?.tokens ?? [])]),
    promptLengths: promptLengths ?? prompts.map(({ length }) => length),
  };
}
