/** How a command's upstream draws its tokens. */
import type { Sampling } from '../../runtime/decoder.js';
import { number } from '../../shape/options.js';
import { UsageError } from '../../text/usageError.js';

export const samplingOptions = {
  temperature: number({
    value: 't',
    help: 'of the upstream, here or behind a server; 0 takes the likeliest token (default: 0)',
  }),
  topP: number({
    value: 'p',
    help: 'the upstream samples from the likeliest tokens of this share (default: all)',
  }),
} as const;

/**
 * Seeds are the command's.
 * @returns undefined where the likeliest token is taken
 * @throws on numbers out of range, and on a share where nothing is drawn.
 */
export function samplingOf(given: {
  temperature?: number | undefined;
  topP?: number | undefined;
  seed?: number | undefined;
}): Sampling | undefined {
  const { temperature = 0, topP = 1, seed = 0 } = given;
  if (temperature < 0) {
    throw new UsageError(
      `--temperature: expected 0 (the likeliest token) or more, got ${temperature}`,
    );
  }
  if (!(topP > 0 && topP <= 1)) {
    throw new UsageError(`--top-p: expected a share above 0 and at most 1, got ${topP}`);
  }
  if (temperature > 0) return { temperature, ...(topP < 1 && { topP }), seed };
  if (topP === 1) return undefined;
  throw new UsageError('--top-p: nothing is drawn at temperature 0; give --temperature');
}

/** For people. @throws as {@link samplingOf} */
export function describeSampling(given: Parameters<typeof samplingOf>[0]): string {
  const sampling = samplingOf(given);
  if (!sampling) return 'greedy';
  const { temperature, topP } = sampling;
  return `temperature ${temperature}${topP === undefined ? '' : `, top-p ${topP}`}`;
}
