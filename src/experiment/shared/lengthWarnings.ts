/** Outputs that run on to their limit: mostly the sign of an end token that nobody stops at. */

/** One warning where more than half of the outputs did not end by themselves; else none. */
export function lengthWarnings(what: string, cut: number, all: number): string[] {
  if (2 * cut <= all) return [];
  return [
    `length: ${cut} of ${all} ${what} did not end by themselves and were cut off at their limit; check that eos_token_id in generation_config.json is the token that ends a turn`,
  ];
}
