/**
 * Best-of-n of the upstream alone: n sampled answers, chosen among by vote. What the same time could
 * buy without a corrector.
 */
import type { Upstream, UpstreamText } from '../../align/upstream.js';
import type { Problem } from '../../data/types.js';
import type { SamplesRecord } from './compareTypes.js';
import type { Judge } from './evaluate.js';
import type { System } from './systems.js';
import { vote } from './vote.js';

export interface BestOfOptions {
  /** An upstream that samples. */
  sampler: Upstream;
  samples: number;
  /** What a sample votes for; null: nothing. */
  finalAnswer: (text: string) => string | null;
}

export function bestOfName(samples: number): string {
  return `best-of-${samples}`;
}

/** `best-of-<n>`: every problem's n samples at once; the first text can be shown after the vote. */
export function bestOfSystem({ sampler, samples, finalAnswer }: BestOfOptions): System {
  return {
    name: bestOfName(samples),
    unit: 'answer',
    async answer({ questions, clock, signal }) {
      const start = clock();
      const sampled = await sample(questions, { sampler, samples, ...(signal && { signal }) });
      const chosen = sampled.map((texts) => texts[vote(texts.map((t) => finalAnswer(t.text)))]);
      const milliseconds = clock() - start;
      return chosen.flatMap((text) =>
        text === undefined
          ? []
          : {
              text: text.text,
              revisions: [],
              stop: text.ended ? 'end-of-answer' : 'max-length',
              tokens: text.tokens - Number(text.ended),
              milliseconds,
              firstTextMilliseconds: text.text === '' ? null : milliseconds,
            },
      );
    },
  };
}

/** The samples of a batch of problems, judged. */
export async function sampleProblems(
  problems: readonly Problem[],
  options: BestOfOptions & { judge: Pick<Judge, 'isRight'>; signal?: AbortSignal },
): Promise<SamplesRecord[]> {
  const questions = problems.map(({ question }) => question);
  const sampled = await sample(questions, options);
  return problems.map((problem, p) => {
    const texts = (sampled[p] ?? []).map(({ text }) => text);
    return {
      kind: 'samples',
      problem: problem.id,
      texts,
      finals: texts.map(options.finalAnswer),
      right: texts.map((text) => options.judge.isRight(problem, text)),
    };
  });
}

/** `[question][sample]`; what sample i is depends on the question and i alone. */
async function sample(
  questions: readonly string[],
  options: Pick<BestOfOptions, 'sampler' | 'samples'> & { signal?: AbortSignal },
): Promise<UpstreamText[][]> {
  const { sampler, samples, signal } = options;
  const inputs = questions.flatMap((question) =>
    Array.from({ length: samples }, (_, i) => ({ question, prefix: '', sample: i })),
  );
  const texts = await sampler.finish(inputs, signal ? { signal } : {});
  return questions.map((_, q) => texts.slice(q * samples, (q + 1) * samples));
}
