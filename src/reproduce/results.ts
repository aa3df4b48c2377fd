/** What the parts of a reproduction leave: summaries and the records behind them, by model. */
import { checkName } from '../disk/names.js';
import type { Scan } from '../read/latScan.js';
import type { CausalRecord, CausalSummary } from '../experiment/causal/shape.js';
import type { CompareSummary } from '../experiment/answers/compare/shape.js';
import type { CompareRecord } from '../experiment/answers/shape.js';
import type { LensRecord, LensSummary } from '../experiment/lens/shape.js';
import type { Part, PartKind } from './plan.js';
import { splitLines } from '../experiment/rounds/judged.js';
import type { RoundsLine, RoundsSummary } from '../experiment/rounds/shape.js';
import type { ScanRecord } from '../experiment/scan/records.js';
import type { SweepRecord, SweepSummary } from '../experiment/sweep/shape.js';

interface Of<S, R> {
  summary: S;
  records: readonly R[];
}

export interface PartResults {
  rounds: Of<RoundsSummary, RoundsLine>;
  compare: Of<CompareSummary, CompareRecord>;
  scan: Of<Scan, ScanRecord>;
  lens: Of<LensSummary, LensRecord>;
  sweep: Of<SweepSummary, SweepRecord>;
  causal: Of<CausalSummary, CausalRecord>;
}

type ByModel = { readonly [K in PartKind]: Map<Part['model'], PartResults[K]> };

/** Of the parts that came to their end. */
export class Results {
  readonly #of: ByModel = {
    rounds: new Map(),
    compare: new Map(),
    scan: new Map(),
    lens: new Map(),
    sweep: new Map(),
    causal: new Map(),
  };

  /** @param model null for parts about all models */
  add<K extends PartKind>(kind: K, model: Part['model'], result: PartResults[K]): void {
    this.#of[kind].set(model, result);
  }

  find<K extends PartKind>(kind: K, model: Part['model']): PartResults[K] | null {
    return this.#of[kind].get(model) ?? null;
  }
}

/** The records of the rounds, by what they are; null where the part has not come to its end. */
export function roundsOf(results: Results): ReturnType<typeof splitLines> | null {
  const found = results.find('rounds', null);
  return found && splitLines(found.records);
}

/** The folder of a part within the run. @throws where the model's name cannot be in a file's. */
export function partName(kind: PartKind, model: Part['model']): string {
  return model === null ? kind : checkName(`${kind}-${model}`, 'reproduce: part');
}
