/**
 * Pairs of answers, one preferred: transcripts of HH-RLHF, chats as lists of messages, and
 * `{question, chosen, rejected}`.
 */
import { z } from 'zod';
import { checkedRow } from '../checkedRow.js';
import type { Turn } from '../types.js';
import * as rows from './row.js';
import type { DataFormat, LeftOut, QuestionRow } from './row.js';

const mark = /\n\n(Human|Assistant):/g;
const roles = { Human: 'user', Assistant: 'assistant' } as const;

/**
 * The turns of a transcript (`\n\nHuman: …\n\nAssistant: …`), each without the one space behind its
 * colon and else verbatim. Null where it does not begin with a mark.
 */
export function turnsOfTranscript(text: string): Turn[] | null {
  const marks = [...text.matchAll(mark)];
  if (marks[0]?.index !== 0) return null;
  return marks.map((found, i) => {
    const content = text.slice(found.index + found[0].length, marks[i + 1]?.index);
    return { role: roles[found[1] as keyof typeof roles], content: content.replace(/^ /, '') };
  });
}

const speakers = { system: 'System', user: 'Human', assistant: 'Assistant' } as const;

/**
 * A conversation as one text: a single turn is itself; several begin with who speaks and are parted by
 * blank lines, as in HH-RLHF.
 */
export function textOfTurns(turns: readonly Turn[]): string {
  const [only, ...more] = turns;
  if (only && more.length === 0) return only.content;
  return turns.map(({ role, content }) => `${speakers[role]}: ${content}`).join('\n\n');
}

const text = z.string();
const transcripts = z.object({ chosen: text, rejected: text, group: rows.optionalText });

/** `{chosen, rejected}` of Anthropic's helpful and harmless data. */
export const hhRlhf: DataFormat = {
  title: 'HH-RLHF',
  columns: '{chosen, rejected} of transcripts',
  fits: (row) => 'chosen' in row && 'rejected' in row && !Array.isArray(row.chosen) && !questionOf(row), // prettier-ignore
  parse(given, place) {
    const row = checkedRow(given, transcripts, place);
    const chosen = turnsOfTranscript(row.chosen);
    const rejected = turnsOfTranscript(row.rejected);
    if (!chosen || !rejected) return { leftOut: 'whose transcripts do not begin with a turn' };
    return fromTurns({ chosen, rejected, group: row.group }, place);
  },
};

const message = z.object({ role: z.enum(['system', 'user', 'assistant']), content: text });
const messages = z.array(message);
const chats = z.object({ chosen: messages, rejected: messages, group: rows.optionalText });

/** `{chosen, rejected}` of messages, the prompt in both or in a list `prompt`. */
export const chatPairs: DataFormat = {
  title: 'chat preferences',
  columns: '{chosen, rejected} of messages {role, content}',
  fits: (row) => Array.isArray(row.chosen) && 'rejected' in row,
  parse(given, place) {
    const { chosen, rejected, group } = checkedRow(given, chats, place);
    const prompt = Array.isArray(given.prompt) ? checkedRow(given.prompt, messages, place) : [];
    return fromTurns(
      { chosen: [...prompt, ...chosen], rejected: [...prompt, ...rejected], group },
      place,
    );
  },
};

const named = z.object({
  question: rows.question,
  chosen: text,
  rejected: text,
  id: rows.name,
  group: rows.optionalText,
  turns: z.array(message).nullish(),
});

/** `{question, chosen, rejected}`, as the lab writes them; `prompt` or `instruction` will do. */
export const pairs: DataFormat = {
  title: 'preferences',
  columns: '{question, chosen, rejected}',
  fits: (row) => 'chosen' in row && 'rejected' in row && questionOf(row) !== undefined,
  parse(given, place) {
    const row = checkedRow({ ...given, question: questionOf(given) }, named, place);
    const head = rows.headOf({ ...row, turns: row.turns ?? undefined }, place);
    return pairRow(head, row);
  },
};

function questionOf(row: rows.Row): unknown {
  return row.question ?? row.prompt ?? row.instruction ?? undefined;
}

function fromTurns(
  given: { chosen: readonly Turn[]; rejected: readonly Turn[]; group: string | undefined },
  place: string,
): QuestionRow | LeftOut {
  const [before, chosen] = [given.chosen.slice(0, -1), given.chosen.at(-1)];
  const [other, rejected] = [given.rejected.slice(0, -1), given.rejected.at(-1)];
  if (JSON.stringify(before) !== JSON.stringify(other)) {
    return { leftOut: 'whose conversations differ before the last turn' };
  }
  const answered = chosen?.role === 'assistant' && rejected?.role === 'assistant';
  if (!answered || before.at(-1)?.role !== 'user') {
    return { leftOut: 'that do not end with a question and its answer' };
  }
  const question = textOfTurns(before);
  if ((before.at(-1)?.content ?? '').trim() === '') return { leftOut: 'with an empty question' };
  const turns = before.length > 1 ? before : undefined;
  const head = rows.headOf({ question, turns, group: given.group }, place);
  return pairRow(head, { chosen: chosen.content, rejected: rejected.content });
}

/** A row of two answers, or why they are no pair. */
export function pairRow(
  head: rows.Head,
  { chosen, rejected }: { chosen: string; rejected: string },
): QuestionRow | LeftOut {
  if (chosen.trim() === '' || rejected.trim() === '') return { leftOut: 'with an empty answer' };
  if (chosen === rejected) return { leftOut: 'whose answers are the same' };
  return { ...rows.bareRow(head), form: 'preference', preference: { chosen, rejected } };
}
