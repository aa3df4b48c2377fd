/** One line of a file of stimuli whose labels are given: what may stand there. */
import type { ChatMessage } from '../runtime/decoder.js';
import { oneOf, type Row } from './jsonRows.js';
import type { GivenStimulus, Half, LabelClass, LabelNames, StimulusInput } from './stimuli.js';
import { shownValue } from '../text/given.js';

/** A stimulus as its line says, before ids and halves are given to those without. */
export interface GivenRow {
  input: StimulusInput;
  label: LabelClass;
  id?: string;
  pair?: string;
  group?: string;
  half?: Half;
  /** `source:line` */
  where: string;
}

/** @throws with `source:line` on a label of another name, no input or several, and bad keys. */
export function parseGivenRow(row: Row, names: LabelNames): GivenRow {
  const hint = '; --label-names tells other names';
  const label = oneOf(row, 'label', [names.positive, names.negative], hint);
  return {
    input: parseInput(row),
    label: label === names.positive ? 'positive' : 'negative',
    id: nameAt(row, 'id'),
    pair: nameAt(row, 'pair'),
    group: nameAt(row, 'group'),
    half: row.record.half === undefined ? undefined : oneOf(row, 'half', ['train', 'heldOut']),
    where: row.where,
  };
}

/** The line of a stimulus, as {@link parseGivenRow} reads it. */
export function formatGiven(stimulus: GivenStimulus, names: LabelNames): string {
  const { id, problem, pair, label, half, ...input } = stimulus;
  return JSON.stringify({ id, group: problem, pair, label: names[label], half, ...input });
}

/** A text or a number as a name. */
function nameAt({ record, where }: Row, key: string): string | undefined {
  const value = record[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new Error(`${where}: ${key} is neither a text nor a number (got ${shownValue(value)})`);
}

const inputKeys = ['text', 'messages', 'last'] as const;

/** What a line gives a model to read. @throws with `source:line` on none or several, and bad keys. */
export function parseInput(row: Row): StimulusInput {
  const { record, where } = row;
  const given = inputKeys.filter((key) => record[key] !== undefined);
  const [only] = given;
  if (only === undefined || given.length > 1) {
    throw new Error(
      `${where}: expected one input: text, messages, or question, prefix and last (got ${given.join(' and ') || 'none'})`,
    );
  }
  if (only === 'text') return { text: textAt(row, 'text') };
  if (only === 'messages') return { messages: messagesAt(row) };
  const [question, prefix, last] = [
    textAt(row, 'question'),
    typeof record.prefix === 'undefined' ? '' : textAt(row, 'prefix', 0),
    textAt(row, 'last'),
  ];
  return { question, prefix, last };
}

function textAt({ record, where }: Row, key: string, least = 1): string {
  const value = record[key];
  if (typeof value === 'string' && value.length >= least) return value;
  throw new Error(`${where}: ${key} is not a text (got ${shownValue(value)})`);
}

function messagesAt({ record, where }: Row): ChatMessage[] {
  const { messages } = record;
  if (!Array.isArray(messages) || messages.length === 0) {
    throw new Error(`${where}: messages is not a list (got ${shownValue(messages)})`);
  }
  return messages.map((message: unknown, i) => {
    const { role, content } = (message ?? {}) as Partial<Record<string, unknown>>;
    if (typeof role === 'string' && typeof content === 'string') return { role, content };
    throw new Error(
      `${where}: message ${i} is not {"role": "…", "content": "…"} (got ${shownValue(message)})`,
    );
  });
}
