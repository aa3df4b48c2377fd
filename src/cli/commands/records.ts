/** `aligner-lab records`: the records of runs as one Parquet file. */
import { join, relative } from 'node:path';
import type { z } from 'zod';
import { experiments } from '../../experiment/registry.js';
import { experimentOf } from '../../experiment/summaryKinds.js';
import { readJournal } from '../../record/journal.js';
import { columnsOf, writeParquet, type ParquetColumn } from '../../record/parquet.js';
import { readManifest } from '../../record/run.js';
import { foldersWith } from '../../record/runs.js';
import { text } from '../../shape/options.js';
import { defineCommand } from '../command.js';
import { common } from '../common.js';
import { shownPath } from '../runFolder.js';

/** Beside the records' own. */
const ownColumns: readonly ParquetColumn[] = [
  { name: 'run', type: 'STRING' },
  { name: 'command', type: 'STRING' },
];

interface FoundRun {
  folder: string;
  command: string;
  record: z.ZodType;
}

export const records = defineCommand({
  description: `Writes the records of runs as one Parquet file, for DuckDB, pandas, Polars or R: a row a record, a
column for every key that records of these commands may have, and before them the run's folder and its
command. What holds several values (sentences, readings) is JSON. Unfinished runs are taken as far as they
are. Nothing in the runs is changed.`,
  argument: {
    name: 'folder',
    help: 'a run folder, or one with run folders in it, however deep',
    required: true,
  },
  options: {
    out: text({ value: 'file', help: 'where it goes', default: 'records.parquet' }),
    ...common,
  },
  examples: [
    ['aligner-lab records runs', 'all records of all runs'],
    ['aligner-lab records runs/sweep-1a2b3c4d --out sweep.parquet', 'those of one'],
  ],
  async run({ options, argument = '.', context }) {
    const root = context.path(argument);
    const runs: FoundRun[] = [];
    for (const folder of await foldersWith('records.jsonl', { folder: root, subject: 'records' })) {
      const run = await openRun(folder);
      if (run) runs.push(run);
      else context.warn(`warning: ${shownPath(folder, context)} holds records of no experiment; left out`); // prettier-ignore
    }
    if (runs.length === 0) {
      throw new Error(`records: no run in ${root} (expected a folder with manifest.json and records.jsonl); give the folder of runs`); // prettier-ignore
    }
    const shapes = [...new Set(runs.map(({ record }) => record))];
    const columns = [...ownColumns, ...columnsOf(shapes)];
    let count = 0;
    const rows = async function* (): AsyncGenerator<Record<string, unknown>> {
      for (const run of runs) {
        for (const record of await recordsOf(run)) {
          count++;
          yield { run: relative(root, run.folder), command: run.command, ...record };
        }
      }
    };
    const path = context.path(options.out);
    await writeParquet(path, { columns, rows: rows() });
    context.show(`records  ${shownPath(path, context)}: ${count} of ${runs.length} runs, ${columns.length} columns`); // prettier-ignore
    context.result({ path, records: count, runs: runs.length, columns });
  },
});

/** Null where they are of no experiment, e.g. the strengths of proxy-tuning in a reproduction. */
async function openRun(folder: string): Promise<FoundRun | null> {
  const { command = '' } = (await readManifest(folder)) ?? {};
  // Parts of a reproduction are named by the kind of their summary.
  const [, part] = /^reproduce (.*)$/.exec(command) ?? [];
  const entry = experiments.find(({ name }) => name === command);
  const experiment = part === undefined ? await entry?.load() : await experimentOf(part);
  return experiment ? { folder, command, record: experiment.record } : null;
}

async function recordsOf({ folder, record }: FoundRun): Promise<Record<string, unknown>[]> {
  return (await readJournal(join(folder, 'records.jsonl'), record)) as Record<string, unknown>[];
}
