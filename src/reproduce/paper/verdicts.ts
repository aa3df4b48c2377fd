/**
 * What the paper found, as rules that were written before any run, and their verdicts on one. The
 * rules follow from the models and judges alone; no result changes which of them there are.
 */
import { createRandom } from '../../math/random.js';
import { judgeFindings, type Finding, type Measured } from '../findings.js';
import { answerFindings } from './answers.js';
import { elsewhereFindings } from './elsewhere.js';
import { judgedFindings } from './judged.js';
import type { PaperFinding } from './finding.js';
import { interiorFindings } from './interior.js';
import type { PaperJudge, ReproduceModels } from '../plan.js';
import type { Results } from '../results.js';

/**
 * Fewest problems or pairs for a verdict. A bootstrap of fewer that all go one way has no spread, and
 * claims a certainty that it cannot have; of 16 that go one way even a sign test would be sure after
 * Holm's correction over all findings.
 */
export const leastUnits = 16;

/** A judged finding, in its section of the report. */
export interface ReportFinding extends Finding, Pick<PaperFinding, 'section' | 'about'> {}

/** Every rule for these models and judges, in the order of the report. */
export function paperFindings(
  models: ReproduceModels,
  judges: readonly PaperJudge[] = [],
): PaperFinding[] {
  const elsewhere = elsewhereFindings(judges.map(({ criterion }) => criterion));
  const answers = [...answerFindings(models), ...judgedFindings(models, judges)];
  return [...answers, ...interiorFindings(models), ...elsewhere];
}

/**
 * The verdicts over all rules at once (Holm).
 * @param options.solved whether sentences can be judged, not final answers alone
 * @param options.missing why a part left nothing, by its name
 */
export function judgePaper(options: {
  models: ReproduceModels;
  /** Who compared answers. Default: nobody. */
  judges?: readonly PaperJudge[];
  results: Results;
  seed: number;
  solved: boolean;
  missing: ReadonlyMap<string, string>;
}): ReportFinding[] {
  const findings = paperFindings(options.models, options.judges);
  const judged = judgeFindings(findings.map((finding) => measured(finding, options)));
  return judged.map((finding, i) => {
    const { section = 'elsewhere', about = '' } = findings[i] ?? {};
    return { ...finding, section, about };
  });
}

function measured(
  { rule, parts, measure, note, remark, section }: PaperFinding,
  options: Parameters<typeof judgePaper>[0],
): Measured {
  const { results, seed, solved, missing } = options;
  const why = parts.flatMap((part) => missing.get(part) ?? []);
  if (why.length > 0) return { rule, effect: null, note: why.join('; ') };
  // Each finding draws numbers of its own, so that none depends on which others there are.
  const effect = measure(results, createRandom(seed).fork(`finding ${rule.id}`));
  const records = parts.map((part) => `${part}/records.jsonl`);
  if (effect !== null && effect.estimate !== null) {
    const few = effect.n < leastUnits ? `Fewer than ${leastUnits}, so no verdict.` : undefined;
    const notes = [note, remark?.(results), few].filter((text) => text !== undefined).join(' ');
    const shown = few === undefined ? effect : { ...effect, p: null };
    const tooFew = few !== undefined;
    return { rule, effect: shown, tooFew, records, ...(notes !== '' && { note: notes }) };
  }
  const reason =
    section === 'scores' && !solved && remark === undefined
      ? 'No solver judges the sentences of a data set: its answers are judged by the final answer alone.'
      : (note ??
        remark?.(results) ??
        'The records have no value for it, see the warnings of the part.');
  return { rule, effect: null, note: reason, records };
}
