/** Edit ratios that were asked for, and what came of it, hour by hour. */
import { expectedAt } from '../experiment/calibrate/curve.js';
import type { NamedKnob } from './strength.js';

/** What one answer with a target gave. */
export interface TargetOutcome {
  named: NamedKnob;
  coefficient: number;
  asked: number;
  /** Mean over its rounds. */
  achieved: number;
}

/** One direction in one hour. */
export interface TargetHour {
  direction: string;
  /** Its beginning, milliseconds since 1970. */
  hour: number;
  answers: number;
  /** Means over answers. */
  asked: number;
  achieved: number;
  /** Where the achieved mean was expected in 95 of 100 such hours; null where that is not known. */
  interval: [number, number] | null;
  within: boolean | null;
}

/** Fewer answers tell nothing of a drift. */
const fewestAnswers = 20;
const hourMilliseconds = 3_600_000;
const mostHours = 24 * 7;
const z95 = 1.959964;

interface Sums {
  direction: string;
  hour: number;
  answers: number;
  asked: number;
  achieved: number;
  /** Of what the calibration expects of each answer. */
  expected: number;
  variance: number;
  /** Of the error of the curve, shared by all answers. */
  curveVariance: number;
  known: boolean;
}

export class TargetLedger {
  readonly #hours: Sums[] = [];
  readonly #now: () => number;
  readonly #onDrift: (hour: TargetHour) => void;

  /** @param onDrift told once an hour and direction, when the achieved mean leaves its interval */
  constructor(options: { now?: () => number; onDrift?: (hour: TargetHour) => void } = {}) {
    this.#now = options.now ?? Date.now;
    this.#onDrift = options.onDrift ?? ((): void => undefined);
  }

  add({ named, coefficient, asked, achieved }: TargetOutcome): void {
    const sums = this.#sums(named.name);
    const before = toHour(sums).within;
    const expected = named.calibration && expectedAt(named.calibration, coefficient);
    sums.answers++;
    sums.asked += asked;
    sums.achieved += achieved;
    sums.expected += expected?.mean ?? 0;
    sums.variance += (expected?.sd ?? 0) ** 2;
    sums.curveVariance += (expected?.sd ?? 0) ** 2 / Math.max(1, expected?.n ?? 1);
    sums.known &&= expected !== null;
    const now = toHour(sums);
    if (now.within === false && before !== false) this.#onDrift(now);
  }

  /** The hour that goes on, by direction. */
  lastHour(): TargetHour[] {
    const hour = this.#hour();
    return this.#hours.filter((sums) => sums.hour === hour).map(toHour);
  }

  /** Every hour that is remembered, a week's at most; the latest first. */
  hours(): TargetHour[] {
    return this.#hours.map(toHour);
  }

  #hour(): number {
    return Math.floor(this.#now() / hourMilliseconds) * hourMilliseconds;
  }

  #sums(direction: string): Sums {
    const hour = this.#hour();
    const known = this.#hours.find((sums) => sums.hour === hour && sums.direction === direction);
    if (known) return known;
    const zero = { answers: 0, asked: 0, achieved: 0, expected: 0, variance: 0, curveVariance: 0 };
    const sums: Sums = { direction, hour, ...zero, known: true };
    this.#hours.unshift(sums);
    this.#hours.length = Math.min(this.#hours.length, mostHours);
    return sums;
  }
}

function toHour(sums: Sums): TargetHour {
  const { direction, hour, answers } = sums;
  const achieved = sums.achieved / answers;
  const interval = sums.known && answers > 0 ? intervalOf(sums) : null;
  const within = interval && answers >= fewestAnswers ? achieved >= interval[0] && achieved <= interval[1] : null; // prettier-ignore
  return { direction, hour, answers, asked: sums.asked / answers, achieved, interval, within };
}

/** As far from the expected mean as the scatter of answers and the error of the curve let it. */
function intervalOf({ answers, expected, variance, curveVariance }: Sums): [number, number] {
  const mean = expected / answers;
  const reach = z95 * Math.sqrt(variance / answers ** 2 + curveVariance / answers);
  return [Math.max(0, mean - reach), mean + reach];
}
