/** Answers that a model had no positions left for: what is not judged, and what is said of them. */
import type { Verdict } from '../../judge/scoreAnswers.js';
import { describeContext, type ContextEnd } from '../../runtime/contextLimit.js';

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

/** How many are named. */
const named = 5;

/** One warning per system whose answers ended for want of positions, naming the first of them. */
export function contextWarnings(records: readonly EndedAnswer[]): string[] {
  const systems = [...new Set(records.map(({ system }) => system))];
  return systems.flatMap((system) => {
    const own = records.filter((record) => record.system === system);
    const ended = own.filter(({ stop }) => stop === 'context');
    if (ended.length === 0) return [];
    const refused = ended.filter(({ answer }) => answer === '').length;
    const shown = ended.slice(0, named).map(({ problem, context }) => {
      return context ? `question ${problem}: ${describeContext(context)}` : `question ${problem}`;
    });
    const more = ended.length > named ? ` and ${ended.length - named} more` : '';
    return [
      `context: ${ended.length} of ${own.length} answers of ${system} ended for want of positions, ${refused} of them before a word and so not judged (${shown.join('; ')}${more})`,
    ];
  });
}
