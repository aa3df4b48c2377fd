/**
 * Results by group of questions. Run folders of before know one group, the family that training never
 * saw, under keys of its own; they are read as if they had been written today.
 */
import { z } from 'zod';

/** {@link import('../../data/types.js').Question.group}; null where a question has none. */
export const group = z.string().nullable();

/** The groups that occur, in the order of the alphabet. */
export function groupsOf(records: Iterable<{ group: string | null }>): string[] {
  const known = Array.from(records, (record) => record.group).filter((name) => name !== null);
  return [...new Set(known)].sort();
}

/** What `summarise` makes of each group's records. */
export function byGroup<R extends { group: string | null }, S>(
  records: readonly R[],
  summarise: (records: R[]) => S,
): ({ group: string } & S)[] {
  return groupsOf(records).map((name) => ({
    group: name,
    ...summarise(records.filter((record) => record.group === name)),
  }));
}

/** A record of before, with its group: `unseenFamily: true` → `group: 'unseen'`. */
export function withGroup(record: unknown): unknown {
  if (!isObject(record) || typeof record.unseenFamily !== 'boolean') return record;
  const { unseenFamily, ...rest } = record;
  return { ...rest, group: unseenFamily ? 'unseen' : 'seen' };
}

/** A summary of before, with its groups: `seenFamilies` and `unseenFamily` → `groups`. */
export function withGroups(summary: unknown): unknown {
  if (!isObject(summary) || !isObject(summary.seenFamilies) || !isObject(summary.unseenFamily)) {
    return summary;
  }
  const { seenFamilies: seen, unseenFamily: unseen, ...rest } = summary;
  return { ...rest, groups: [{ group: 'seen', ...seen }, { group: 'unseen', ...unseen }] }; // prettier-ignore
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
