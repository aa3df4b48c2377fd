/** Stimuli labelled by behaviour as JSON Lines: one object per line, keys in a fixed order. */
import { createHash } from 'node:crypto';
import { openDraft } from '../disk/atomic.js';
import { formatGiven } from './givenRows.js';
import { nameOf, type DataSource } from '../data/files/place.js';
import { qualities } from '../data/types.js';
import { isCopy } from '../text/copied.js';
import { eachRow, jsonRows, oneOf, type Row } from './jsonRows.js';
import {
  checkStimuli,
  classNames,
  isGiven,
  type CorrectionStimulus,
  type LabelNames,
  type Stimulus,
} from './stimuli.js';
import { shownValue } from '../text/given.js';

const texts = ['id', 'problem', 'question', 'prefix', 'last', 'output'] as const;

/**
 * One line per stimulus, the last one ended by a newline.
 * @param names of given labels. Default: positive and negative.
 */
export function formatStimuli(
  stimuli: readonly Stimulus[],
  names: LabelNames = classNames,
): string {
  return stimuli.map((s) => lineOf(s, names)).join('');
}

function lineOf(s: Stimulus, names: LabelNames): string {
  return `${isGiven(s) ? formatGiven(s, names) : formatCorrection(s)}\n`;
}

function formatCorrection(s: CorrectionStimulus): string {
  return JSON.stringify({
    id: s.id,
    problem: s.problem,
    question: s.question,
    prefix: s.prefix,
    last: s.last,
    output: s.output,
    label: s.label,
    quality: s.quality,
    fault: s.fault,
    half: s.half,
  });
}

/**
 * Parses JSON Lines; empty lines are passed over.
 * @throws with `source:line` where a line is no stimulus; where a label contradicts its output;
 * and as {@link checkStimuli}.
 */
export function parseStimuli(text: string, source: string): CorrectionStimulus[] {
  const stimuli = jsonRows(text, source).map(parseRow);
  checkStimuli(stimuli, source);
  return stimuli;
}

function parseRow({ record, where }: Row): CorrectionStimulus {
  if (record.label !== undefined && record.output === undefined) {
    throw new Error(
      `${where}: has a label and no output (expected what the corrector wrote); labels of one's own need --labels given`,
    );
  }
  for (const key of texts) {
    if (typeof record[key] !== 'string') {
      throw new Error(`${where}: ${key} is not a text (got ${shownValue(record[key])})`);
    }
  }
  oneOf({ record, where }, 'label', ['correct', 'copy']);
  const quality =
    record.quality === undefined || record.quality === null
      ? 'unjudged'
      : oneOf({ record, where }, 'quality', qualities);
  oneOf({ record, where }, 'half', ['train', 'heldOut']);
  const { fault = null } = record;
  if (fault !== null && typeof fault !== 'string') {
    throw new Error(`${where}: fault is neither null nor a text (got ${shownValue(fault)})`);
  }
  const stimulus = { ...record, quality, fault } as unknown as CorrectionStimulus;
  const { last, output: correction } = stimulus;
  const label = isCopy({ last, correction }) ? 'copy' : 'correct';
  if (label !== stimulus.label) {
    throw new Error(
      `${where}: the label does not follow from the output (expected ${label}, got ${stimulus.label})`,
    );
  }
  return stimulus;
}

/** @throws where the data cannot be read, and as {@link parseStimuli}. */
export async function readStimuli(source: DataSource): Promise<CorrectionStimulus[]> {
  const stimuli: CorrectionStimulus[] = [];
  for await (const row of eachRow(source)) stimuli.push(parseRow(row));
  checkStimuli(stimuli, nameOf(source));
  return stimuli;
}

export async function writeStimuli(
  path: string,
  stimuli: readonly Stimulus[],
  names?: LabelNames,
): Promise<void> {
  const draft = await openDraft(path, 'stimuli');
  for (let start = 0; start < stimuli.length; start += atOnce) {
    await draft.write(formatStimuli(stimuli.slice(start, start + atOnce), names));
  }
  await draft.keep();
}

/** Stimuli that are text at the same time: all of them may be longer than a string can be. */
const atOnce = 1024;

/** SHA-256 of the stimuli as written to a file, hexadecimal: what a direction was made from. */
export function hashStimuli(stimuli: readonly Stimulus[]): string {
  const hash = createHash('sha256');
  for (const stimulus of stimuli) hash.update(lineOf(stimulus, classNames));
  return hash.digest('hex');
}
