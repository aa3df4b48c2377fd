/**
 * What an experiment is to the rest of the lab. Each has a folder; `registry.ts` lists them, and the
 * command line, `plot`, the schemas and the docs go through that list.
 */
import type { z } from 'zod';
import type { DataPlace } from '../../data/files/place.js';
import type { Page } from '../../plot/page/page.js';
import { checked } from '../../shape/check.js';
import type { OptionShapes, OptionValues } from '../../shape/options.js';
import type { Identity } from '../../runtime/identity.js';
import type { TerminalText } from '../../text/show.js';
import type { Table } from '../../text/table.js';
import type { Lab } from './lab.js';

/** A summary: the file `<kind>.json` of a run folder. */
export interface SummaryKind {
  readonly kind: string;
  /** What it holds, in one sentence. */
  readonly title: string;
  /** Type, check on reading, and published schema. */
  readonly shape: z.ZodType;
  /**
   * The page of a summary that was read from a file.
   * @param what begins the error, e.g. `plot: runs/a/scan.json`
   * @throws where the value does not fit the shape.
   */
  readonly draw: (value: unknown, what: string) => Page;
}

/** A summary kind whose page sees the type of its shape. */
export function defineSummary<S>(
  given: Pick<SummaryKind, 'kind' | 'title'> & {
    shape: z.ZodType<S>;
    page: (summary: S) => Page;
  },
): SummaryKind & { page: (summary: S) => Page } {
  return { ...given, draw: (value, what) => given.page(checked(given.shape, value, what)) };
}

/** What a run ends with. */
export interface Outcome {
  /** By kind. */
  summaries: Readonly<Record<string, unknown>>;
  /** The findings, for people. */
  lines: readonly (string | TerminalText | Table)[];
  /** What must be known before they are believed. */
  warnings?: readonly string[];
  /** What is printed under `--json`. Default: the only summary, or all by kind. */
  result?: unknown;
}

/** An experiment with its models loaded. */
export interface OpenExperiment<R> extends AsyncDisposable {
  /** By the option that names them. */
  models: Readonly<Record<string, { identity: Identity; warnings?: readonly string[] }>>;
  /** Files and data that are read, by the option that names them. */
  files: Readonly<Record<string, string | DataPlace>>;
  /** Yields the records that are missing. */
  run: (given: { folder: string; records: readonly R[] }) => AsyncGenerator<R, Outcome>;
  /** The part of it that other machines can share, where that is not the whole run. */
  help?: () => Promise<void>;
}

export interface Experiment<O = never, R = unknown> {
  /** A line of `records.jsonl`. */
  readonly record: z.ZodType<R>;
  readonly summaries: readonly SummaryKind[];
  /** Loads what the options name. Where that fails, nothing stays loaded. */
  open: (given: O, lab: Lab) => Promise<OpenExperiment<R>>;
}

/** The light part of an experiment: all that its help needs. */
export interface ExperimentEntry {
  /** Of its command. */
  readonly name: string;
  /** One line in the list of commands. */
  readonly summary: string;
  /** What a newcomer must know: what it does, what is written. */
  readonly description: string;
  /** Command lines, each with a word on it. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  readonly options: OptionShapes;
  /** The rest, which takes longer to load. */
  readonly load: () => Promise<Experiment>;
}

/** An entry whose experiment sees its options with their types. */
export function defineExperiment<O extends OptionShapes, R>(
  entry: Omit<ExperimentEntry, 'options' | 'load'> & {
    options: O;
    load: () => Promise<Experiment<OptionValues<O> & { seed: number }, R>>;
  },
): ExperimentEntry {
  // The options that `open` is given are made from this entry's own shapes.
  return { ...entry, load: entry.load as () => Promise<Experiment> };
}
