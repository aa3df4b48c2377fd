/** What an experiment works with beside its options: models, paths, and who hears of its progress. */
import type { DataPlace } from '../../data/files/place.js';
import type { DataReport } from '../../data/report.js';
import type { Aligner } from '../../align/aligner.js';
import type { Corrector } from '../../align/corrector.js';
import type { Upstream } from '../../align/upstream.js';
import type { OpenedScorer } from '../../judge/classifier.js';
import type { Judge } from '../../judge/judge.js';
import type { OpenJudgeOptions } from '../../judge/open.js';
import type { Store } from '../../record/store.js';
import type { ProxyOptions } from '../../runtime/load.js';
import type { LanguageModel, Sampling } from '../../runtime/decoder.js';
import type { ModelFiles } from '../../runtime/modelFiles.js';
import type { Traffic } from '../../wire/meter.js';
import type { Stages } from './stages.js';

export interface LoadHow {
  /** One copy per core where the model is small: for many independent batches. Default false. */
  copies?: boolean;
  /** Whether other models run at the same time: a small one takes a single thread. Default false. */
  beside?: boolean;
  proxy?: ProxyOptions;
  /** Of an upstream. Default: the command's. */
  sampling?: Sampling;
}

export type JudgeHow = Pick<OpenJudgeOptions, 'verdict'> & { criterion: string };

export interface Lab {
  /** From a model's name to its files; downloads what is not here yet. */
  find: (name: string) => Promise<ModelFiles>;
  /** From the name of data to their files; downloads what is not here yet. */
  data: (name: string, how?: { besides?: readonly string[] }) => Promise<DataPlace>;
  /** Told what data were found to hold; what a reader would not expect is shown. */
  onReport: (report: DataReport) => void;
  /** Loads a model on the device that was asked for. */
  load: (name: string, how?: LoadHow) => Promise<LanguageModel>;
  /** Opens an upstream by name: a model, recorded answers, and what else has an opener. */
  upstream: (name: string, how?: LoadHow) => Promise<Upstream>;
  corrector: (name: string, how?: LoadHow) => Promise<Corrector>;
  aligner: (name: string, how?: LoadHow) => Promise<Aligner>;
  /** Opens a judge of pairs by name, for one criterion. */
  judge: (name: string, how: JudgeHow) => Promise<Judge>;
  /** Opens a scorer of answers by name. */
  scorer: (name: string) => Promise<OpenedScorer>;
  /** What was asked of servers so far; null for nothing. */
  traffic: () => Traffic | null;
  /** An absolute path, from one that is relative to the working directory. */
  path: (given: string) => string;
  stages: Stages;
  /** Where units of work are kept for other runs. */
  store?: Store;
  /**
   * Whether this machine helps with a run that another one records: what is that one's alone, as
   * times are, is not made here.
   */
  helps: boolean;
  /** A warning, without its word. */
  warn: (text: string) => void;
  /** A line for people beside the results, while the work goes on. */
  note: (text: string) => void;
  /** Where findings are read. */
  terminal: { width: number; colour: 'none' | '256' | 'truecolor' };
  signal: AbortSignal;
}
