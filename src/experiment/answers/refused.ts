/** Answers that a model had no positions left for: what is not judged, and what is said of them. */
import type { Verdict } from '../../judge/scoreAnswers.js';
import { namedLong } from '../../read/fitting.js';
import type { ContextEnd } from '../../runtime/contextLimit.js';
import { lengthWarnings } from '../shared/lengthWarnings.js';

/** Whether a question left a model no room for a first word: then there is nothing to judge. */
export function isRefused({ text, context }: { text: string; context?: ContextEnd }): boolean {
  return context !== undefined && text === '';
}

/** The verdict; of what was refused and of what nobody judged, that nobody can say. */
export function unlessRefused(refused: boolean | undefined, verdict: Verdict | undefined): Verdict {
  return refused || !verdict ? { right: null } : verdict;
}

/** An answer as it is told of. */
export interface EndedAnswer {
  system: string;
  problem: string;
  answer: string;
  stop: string;
  context?: ContextEnd;
}

/** How answers ended, where that must be known before anything of them is believed. */
export function endWarnings(records: readonly EndedAnswer[]): string[] {
  const systems = [...new Set(records.map(({ system }) => system))];
  return systems.flatMap((system) => {
    const own = records.filter((record) => record.system === system);
    const running = own.filter(({ stop }) => stop === 'max-length').length;
    return [
      ...contextWarnings(system, own),
      ...lengthWarnings(`answers of ${system}`, running, own.length),
    ];
  });
}

/** A summary with its warnings, where there are any. */
export function withWarnings<S extends { warnings?: string[] }>(
  summary: S,
  warnings: readonly string[],
): S {
  return warnings.length > 0 ? { ...summary, warnings: [...warnings] } : summary;
}

/** Of one system: how many answers ended for want of positions, and the first of them. */
function contextWarnings(system: string, records: readonly EndedAnswer[]): string[] {
  const ended = records.filter(({ stop }) => stop === 'context');
  if (ended.length === 0) return [];
  const refused = ended.filter(({ answer }) => answer === '').length;
  const named = ended.flatMap(({ problem, context }) =>
    context ? [{ name: `question ${problem}`, ...context }] : [],
  );
  return [
    `context: ${ended.length} of ${records.length} answers of ${system} ended for want of positions, ${refused} of them before a word and so not judged (${namedLong(named)})`,
  ];
}
