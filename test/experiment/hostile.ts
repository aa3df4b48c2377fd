/** Somebody else's summaries: every kind with every text in it hostile. */
import { expect } from 'vitest';
import type { Page } from '../../src/plot/page/page.js';
import { summaryKinds } from '../../src/experiment/summaryKinds.js';
import { toJson } from '../../src/record/json.js';
import { compareExample, roundsExample } from './answerExamples.js';
import { causalExample, correctorExample, evaluateExample, healthExample, lensExample, scanExample, sweepExample } from './examples.js'; // prettier-ignore

/**
 * Ends scripts, styles, attributes and comments; a link for plotly, and one for Markdown. Where it
 * runs as a script, the page's title says so.
 */
export const hostile =
  '\'"></script></style><!--<img src=x onerror=document.title=`theirs`><a href="javascript:document.title=`theirs`">b</a>%{x}[c](javascript:alert(1))';

interface Shape {
  safeParse(value: unknown): { success: boolean };
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The value with every text in it hostile, as far as its shape lets that pass. */
export function hostileAs<T>(shape: Shape, example: T): T {
  const whole = JSON.parse(toJson(example)) as Json;
  let count = 0;
  const visit = (at: Json, put: (value: Json) => void): void => {
    if (typeof at === 'string') {
      put(hostile);
      if (shape.safeParse(whole).success) count += 1;
      else put(at);
    } else if (Array.isArray(at)) {
      // The first ones stand for all.
      at.slice(0, 2).forEach((item, i) => visit(item, (value) => (at[i] = value)));
    } else if (at !== null && typeof at === 'object') {
      for (const [key, item] of Object.entries(at)) visit(item, (value) => (at[key] = value));
    }
  };
  visit(whole, () => undefined);
  expect(count).toBeGreaterThan(0);
  return whole as T;
}

const examples: Readonly<Record<string, unknown>> = {
  ...{ scan: scanExample, sweep: sweepExample, causal: causalExample, lens: lensExample },
  ...{ health: healthExample, rounds: roundsExample, compare: compareExample },
  ...{ evaluate: evaluateExample, corrector: correctorExample },
};

/** A page of each kind of summary. */
export const hostilePages: readonly { kind: string; summary: unknown; page: Page }[] = (
  await summaryKinds()
).map(({ kind, shape, draw }) => {
  const summary = hostileAs(shape, examples[kind]);
  return { kind, summary, page: draw(summary, 'it') };
});
