/** Every published JSON Schema, by the name of its file. */
import { experiments } from '../experiment/registry.js';
import { labelRecord } from '../experiment/shared/reading/labels.js';
import { summaryKinds } from '../experiment/summaryKinds.js';
import { calibrationShape } from '../experiment/calibrate/shape.js';
import { steeringShape } from '../read/files/steeringFile.js';
import { manifestShape } from '../record/manifest.js';
import { jsonSchema } from '../shape/check.js';
import { reportSummary } from '../reproduce/report/shape.js';
import { playRecord, playSummary } from '../serve/playRun.js';

/**
 * `<kind>` for each summary `<kind>.json`, `<command>-record` for a line of its `records.jsonl`, and
 * `labels`, `steering`, `calibration`, `play` (with `play-record`) and `manifest`. They are files of the
 * package: `aligner-lab/schemas/<name>.json`.
 */
export async function publishedSchemas(): Promise<Record<string, object>> {
  const schemas: Record<string, object> = {};
  for (const { kind, title, shape } of await summaryKinds()) {
    schemas[kind] = jsonSchema(shape, `${kind}.json`, title);
  }
  for (const { name, load } of experiments) {
    const { record } = await load();
    schemas[`${name}-record`] = jsonSchema(record, 'records.jsonl', `A line of ${name}’s records.`);
  }
  const findings =
    'The paper’s findings, each with its number and verdict, and the parts that were run.';
  const saved = 'What is saved beside a direction so that a coefficient means the same everywhere.';
  const aimed = 'What is saved beside a direction so that an edit ratio can be asked for.';
  return {
    ...schemas,
    steering: jsonSchema(steeringShape, 'steering.json', saved),
    calibration: jsonSchema(calibrationShape, 'calibration.json', aimed),
    report: jsonSchema(reportSummary, 'report.json', findings),
    play: jsonSchema(playSummary, 'play.json', 'What was asked on the page, and the answers.'),
    'play-record': jsonSchema(playRecord, 'records.jsonl', 'A line of the page’s records.'),
    labels: jsonSchema(labelRecord, 'labels.jsonl', 'What the corrector wrote for a sentence.'),
    manifest: jsonSchema(manifestShape, 'manifest.json', 'What a run was asked for, and on what.'),
  };
}
