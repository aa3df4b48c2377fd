/**
 * Who computes what, where several machines work on the same units. Every one of them runs the same
 * experiment and knows the same units; what it may compute now it asks here. Only the store says what
 * is done.
 */

/** Units that belong together, the same on every machine. */
export interface UnitList {
  /** What they are, e.g. `sweep`. */
  kind: string;
  /** As the store keeps them. */
  keys: readonly string[];
}

/** The right to compute a unit, alone as far as is known. */
export interface Claim {
  key: string;
  /** Its result is in the store. */
  done(): Promise<void>;
  /** It has no result, and it is no fault of the unit's. */
  release(): Promise<void>;
  /** It has no result; after three of these, or three deaths, it is given up. */
  fail(reason: string): Promise<void>;
}

export interface OpenClaims extends AsyncDisposable {
  /**
   * One of the units that nobody computes; null where there is none now.
   * @param wanted those that the store does not have, as far as is known here
   * @throws {@link Cancelled}, {@link HelpEnds}
   */
  next(wanted: (key: string) => boolean): Promise<Claim | null>;
  /** Units that are not tried again, with the reason, as found by {@link OpenClaims.next}. */
  readonly givenUp: ReadonlyMap<string, string>;
  /** Tells others how far this is; what it costs is up to who is told. */
  tell(done: number): void;
}

export interface Claims {
  open(list: UnitList): Promise<OpenClaims>;
}

/** A machine that helps has come to its end: all is done, or only what reads all records is left. */
export class HelpEnds extends Error {}

/** Somebody has cancelled the work; what is done stays in the store. */
export class Cancelled extends Error {}
