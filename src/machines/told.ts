/** What a machine tells of its work, and hears while it works. */

/** How far a list of units is, as one machine sees it. */
export interface Stand {
  kind: string;
  done: number;
  total: number;
}

export interface Told {
  /** @throws `Cancelled` where somebody has cancelled the work; `HelpEnds` where it is done. */
  check(): Promise<void>;
  tell(stand: Stand): void;
}
