/** Systems timed: one question at a time, without company in the batch. */
import type { Question } from '../../data/types.js';
import type { TimingRecord } from './shape.js';
import { askSystem, type Asking } from './ask.js';
import type { System } from './systems.js';

/** The timings of every system; all of them are one unit of work. @throws the signal's reason. */
export async function* timeSystems(
  questions: readonly Question[],
  { systems, ...asking }: Asking & { systems: readonly System[] },
): AsyncGenerator<TimingRecord, void> {
  const timing = { ...asking, timed: true };
  // The first run of a session pays for what later ones find ready.
  for (const system of systems) await askSystem(system, questions.slice(0, 1), timing);
  // All systems in turn, so that a machine that slows down for a while is slow for all of them.
  for (const question of questions) {
    for (const system of systems) {
      for (const answer of await askSystem(system, [question], timing)) {
        const { tokens, milliseconds, firstTextMilliseconds } = answer;
        const names = { system: system.name, problem: question.id };
        yield { kind: 'timing', ...names, tokens, milliseconds, firstTextMilliseconds };
      }
    }
  }
}
