/** What is asked of servers: counted, priced, and held to a budget. */
import { UsageError } from '../text/usageError.js';

/** Dollars, or whatever the price is in, per million tokens. */
export interface Price {
  prompt: number;
  completion: number;
}

export interface Budget {
  requests?: number;
  /** Prompt and completion together. */
  tokens?: number;
  /** In the unit of the price. */
  cost?: number;
}

/** Everything that one run asked of a server. */
export interface Traffic {
  /** Answered calls; retries are counted apart. */
  requests: number;
  retries: number;
  /** Answers that earlier runs had paid for. */
  remembered: number;
  promptTokens: number;
  completionTokens: number;
  /** Requests whose server did not say how many tokens they took: those are counted by events. */
  estimated: number;
  /** Null without a price. */
  cost: number | null;
  /** Milliseconds to the first text: median and 95th percentile; null before any. */
  firstTextMilliseconds: { median: number; p95: number } | null;
}

/** The budget is spent. What is done is kept. */
export class BudgetSpent extends UsageError {}

export class Meter {
  readonly #price: Price | null;
  readonly #budget: Budget;
  readonly #firsts: number[] = [];
  #traffic = {
    ...{ requests: 0, retries: 0, remembered: 0 },
    ...{ promptTokens: 0, completionTokens: 0, estimated: 0 },
  };

  /** @throws where a budget in money comes without a price; on numbers that are none, or below 0. */
  constructor({ price, budget = {} }: { price?: Price | null; budget?: Budget } = {}) {
    for (const [name, value] of Object.entries({ ...price, ...budget })) {
      // Against NaN nothing is too much.
      if (value === undefined || value >= 0) continue;
      throw new UsageError(`budget: ${name} is ${value} (expected a number from 0)`);
    }
    if (budget.cost !== undefined && !price) {
      throw new UsageError('budget: a cost needs a price; give --price <prompt>/<completion>');
    }
    this.#price = price ?? null;
    this.#budget = budget;
  }

  /** Before a request. @throws {@link BudgetSpent} */
  admit(shown: string): void {
    const { requests, tokens, cost } = this.#budget;
    const traffic = this.traffic();
    const spent = (what: string, used: number, most: number | undefined): void => {
      if (most === undefined || used < most) return;
      throw new BudgetSpent(
        `budget: ${used} ${what} of ${most} are used up at ${shown}; what is answered is kept, raise --budget and run the same command again to go on`,
      );
    };
    spent('requests', traffic.requests + traffic.retries, requests);
    spent('tokens', traffic.promptTokens + traffic.completionTokens, tokens);
    spent('of cost', traffic.cost ?? 0, cost);
  }

  retried(): void {
    this.#traffic.retries++;
  }

  remembered(): void {
    this.#traffic.remembered++;
  }

  /** After an answer, or what was read of it. */
  answered(answer: {
    promptTokens: number | null;
    completionTokens: number;
    estimated: boolean;
    firstTextMilliseconds: number | null;
  }): void {
    const { promptTokens, completionTokens, estimated, firstTextMilliseconds } = answer;
    this.#traffic.requests++;
    this.#traffic.promptTokens += promptTokens ?? 0;
    this.#traffic.completionTokens += completionTokens;
    if (estimated) this.#traffic.estimated++;
    if (firstTextMilliseconds !== null) this.#firsts.push(firstTextMilliseconds);
  }

  traffic(): Traffic {
    const { promptTokens, completionTokens } = this.#traffic;
    const price = this.#price;
    const cost = price
      ? (promptTokens * price.prompt + completionTokens * price.completion) / 1e6
      : null;
    const sorted = this.#firsts.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    const first = sorted.length === 0 ? null : { median: at(0.5), p95: at(0.95) };
    return { ...this.#traffic, cost, firstTextMilliseconds: first };
  }
}
