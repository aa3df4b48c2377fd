/** Who runs a reproduction: where models are found, and who hears of what happens. */
import type { DataPlace } from '../data/files/place.js';
import type { DataReport } from '../data/report.js';
import type { Lab } from '../experiment/shared/lab.js';
import type { Stages } from '../experiment/shared/stages.js';
import type { Page } from '../plot/page/page.js';
import type { RunConfiguration } from '../record/manifest.js';
import type { Store } from '../record/store.js';
import type { ModelFiles } from '../runtime/modelFiles.js';
import type { Part } from './plan.js';
import type { PartOutcome, PartStart } from './runParts.js';

export interface ReproduceHost {
  /** From a model's name to its files, e.g. `resolveModel`. */
  findModel: (name: string) => Promise<ModelFiles>;
  /** From the name of data to their files, e.g. {@link findData}. Default: it is a path. */
  findData?: (name: string) => Promise<DataPlace>;
  /** Opens a judge of pairs by name, e.g. `openJudge`. Default: there is none. */
  judge?: Lab['judge'];
  /** Told what data were found to hold. */
  onReport?: (report: DataReport) => void;
  /** Writes pages (file name → page) into a folder; returns what was written. */
  writeFigures: (folder: string, pages: Record<string, Page>) => Promise<string[]>;
  /** Something to know before it begins. */
  onNote?: (note: string) => void;
  /** The run folder is open: from now on what is done is kept there. */
  onOpen?: (folder: string) => void;
  /** A part begins; its stages are told to what this returns. Default: to nobody. */
  onPart?: (start: PartStart<Part>) => Stages;
  /** A part is over, the `ended`th of `total`. */
  onOutcome?: (outcome: PartOutcome<Part, true>, ended: number, total: number) => void;
  /** Where units of work are kept for other runs. Default: nowhere. */
  store?: Store | undefined;
  /** Whether this machine helps with a run that another one records, see {@link Lab.helps}. */
  helps?: boolean;
  /** Does the work; told what identifies the run. Default: it is just done. */
  during?: <T>(configuration: RunConfiguration, work: () => Promise<T>) => Promise<T>;
  /** The clock of the manifests. Default: the system's. */
  now?: () => Date;
  signal?: AbortSignal;
}
