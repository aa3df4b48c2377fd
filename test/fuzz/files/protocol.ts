/** What the long run and the process that works on its cases say to each other. */

/** Holds the number of the case at work, for when the process does not live to tell. */
export const progressFile = 'case';

export interface Order {
  reader: string;
  seed: string;
  first: number;
  count: number;
  /** After which no further case is begun. */
  seconds: number;
  folder: string;
}

export interface Report {
  next: number;
  /** Outcomes, refusals by their words. */
  kinds: Record<string, number>;
  faults: { i: number; reason: string }[];
}
