/**
 * Best-of-n of the upstream alone: n sampled answers, chosen among by vote. What the same time could
 * buy without a corrector.
 */
import type { Upstream, UpstreamText } from '../../align/upstream.js';
import type { Question } from '../../data/types.js';
import { primaryScorer, scoreAnswers } from '../../judge/scoreAnswers.js';
import type { Scorer } from '../../judge/scorer.js';
import { whoIs } from '../shared/identities.js';
import { isRefused, unlessRefused } from './refused.js';
import type { SamplesRecord } from './shape.js';
import { shownTokens, wholeEnd, type System } from './systems.js';
import { vote } from './vote.js';

/** Samples of the upstream, and how they vote. */
export interface Sampling {
  /** An upstream that samples. */
  sampler: Upstream;
  /** Numbers of samples that are voted on, ascending. */
  counts: readonly number[];
  /** What a sample votes for; null: nothing. */
  finalAnswer: (text: string) => string | null;
  /** What that goes by; null: it is a function of one's own, and samples are kept nowhere. */
  votesBy: string | null;
}

export function bestOfName(samples: number): string {
  return `best-of-${samples}`;
}

/** One system per number of samples; none without a sampler. */
export function bestOfSystems(sampling: Sampling | undefined): System[] {
  return sampling?.counts.map((samples) => bestOfSystem(samples, sampling)) ?? [];
}

/** `best-of-<n>`: every question's n samples at once; the first text can be shown after the vote. */
function bestOfSystem(samples: number, { sampler, finalAnswer }: Sampling): System {
  return {
    name: bestOfName(samples),
    identity: { samples, sampler: whoIs(sampler) },
    unit: 'answer',
    async answer({ questions, clock, signal }) {
      const start = clock();
      const sampled = await sample(questions, { sampler, samples, signal });
      const chosen = sampled.map((texts) => texts[vote(texts.map((t) => finalAnswer(t.text)))]);
      const milliseconds = clock() - start;
      return chosen.flatMap((text) =>
        text === undefined
          ? []
          : {
              text: text.text,
              revisions: [],
              ...wholeEnd(text),
              tokens: shownTokens(text.tokens, text.ended),
              milliseconds,
              firstTextMilliseconds: text.text === '' ? null : milliseconds,
            },
      );
    },
  };
}

/** The samples of a batch of questions, judged by the primary scorer. */
export async function sampleQuestions(
  questions: readonly Question[],
  options: Sampling & { scorers: readonly Scorer[]; signal?: AbortSignal },
): Promise<SamplesRecord[]> {
  const { sampler, counts, finalAnswer, signal } = options;
  const samples = Math.max(...counts);
  const texts = questions.map(({ question }) => question);
  const sampled = await sample(texts, { sampler, samples, signal });
  const answered = questions.map((question, q) => ({
    question,
    texts: (sampled[q] ?? []).map(({ text }) => text),
    refused: (sampled[q] ?? []).map(isRefused),
  }));
  const items = answered.flatMap(({ question, texts: written }) =>
    written.map((answer) => ({ question, answer })),
  );
  const primary = primaryScorer(options.scorers);
  const verdicts = primary ? await scoreAnswers(items, { scorers: [primary], signal }) : [];
  let at = 0;
  return answered.map(({ question, texts: written, refused }) => ({
    kind: 'samples',
    problem: question.id,
    texts: written,
    finals: written.map(finalAnswer),
    right: written.map((_, i) => unlessRefused(refused[i], verdicts[at++]).right),
  }));
}

/** `[question][sample]`; what sample i is depends on the question and i alone. */
async function sample(
  questions: readonly string[],
  { sampler, samples, signal }: { sampler: Upstream; samples: number; signal?: AbortSignal },
): Promise<UpstreamText[][]> {
  const inputs = questions.flatMap((question) =>
    Array.from({ length: samples }, (_, i) => ({ question, prefix: '', sample: i })),
  );
  const texts = await sampler.finish(inputs, { signal });
  return questions.map((_, q) => texts.slice(q * samples, (q + 1) * samples));
}
