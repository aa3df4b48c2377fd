/** The shape of `report.json`: what was run, and the verdict on every finding. */
import type { ReportFinding } from '../paper/verdicts.js';
import type { PartState } from '../runParts.js';
import type { Extent, Part, ReproduceModels } from '../plan.js';

/** One part, as the report lists it. */
export interface ReportPart extends Pick<Part, 'name' | 'kind' | 'model' | 'role'> {
  state: PartState;
  /** Wall time of the run that ended it; null where it is not known. */
  milliseconds: number | null;
  /** Why it failed. */
  error: string | null;
}

/** The summary `report.json`; every key is part of the interface. */
export interface ReportSummary {
  models: ReproduceModels;
  extent: Extent;
  /** What was answered and read, in words. */
  data: string;
  seed: number;
  /** Of a finding after Holm's correction over all of them. */
  level: number;
  findings: ReportFinding[];
  parts: ReportPart[];
  /** What a reader must know before believing it, e.g. models that were not there. */
  notes: string[];
}
