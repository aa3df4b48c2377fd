/** Options of experiments whose answers a judge compares, and how judges are opened. */
import { z } from 'zod';
import type { Judge } from '../../judge/judge.js';
import { isClassifierName, type OpenedScorer } from '../../judge/classifier.js';
import { humanName } from '../../judge/human.js';
import type { Identity } from '../../runtime/identity.js';
import { verdictForms } from '../../judge/verdict.js';
import { choice, integer, list, text, type OptionValues } from '../../shape/options.js';
import { UsageError } from '../../text/usageError.js';
import type { Lab } from './lab.js';
import type { Keep } from './opening.js';

export const judgeOptions = {
  judge: text({
    value: 'name',
    help: 'compares answers with the upstream’s own, asked in both orders: http://host/v1#model, a server; human:<file>.csv, a table for people that is written, filled in, and read when the command runs again; or classifier:<model>#<label>, whose better score wins',
  }),
  criterion: list(
    {
      value: 'names',
      help: 'what it judges by: helpful, harmless, or a text file with {question}, {first} and {second} (default: helpful)',
    },
    z.string().min(1),
  ),
  verdict: choice(verdictForms, {
    help: 'how a judge behind a server says which is better: in a reply of its own words (default), or as what follows [[, with which its reply is begun for it; so that small models say something, too',
  }),
  judgeTokens: integer({
    value: 'n',
    help: 'most tokens of a reply of a judge behind a server; the verdict must stand in them (default: 256)',
  }),
} as const;

/** What was given of these. */
export type JudgeFlags = {
  [K in keyof typeof judgeOptions]?: OptionValues<typeof judgeOptions>[K];
};

/** A judge for each criterion; none where none is named. @throws on a criterion without a judge. */
export async function openJudges(
  given: JudgeFlags,
  keep: Keep,
  lab: Pick<Lab, 'judge'>,
): Promise<Judge[]> {
  const { judge, criterion, verdict, judgeTokens } = given;
  if (judge === undefined) {
    if (criterion !== undefined) {
      throw new UsageError('--criterion: nobody judges by it; give --judge');
    }
    return [];
  }
  refuseOfServers(judge, given);
  if (verdict === 'begun' && judgeTokens !== undefined) {
    throw new UsageError('--judge-tokens: a verdict that is begun has a few; leave it out');
  }
  const judges: Judge[] = [];
  for (const name of criterion ?? ['helpful']) {
    judges.push(keep(await lab.judge(judge, { criterion: name, verdict })));
  }
  return judges;
}

/** @throws on options of judges behind servers where the judge is another. */
function refuseOfServers(judge: string, { criterion, verdict, judgeTokens }: JudgeFlags): void {
  const own = humanName.test(judge)
    ? 'people judge by what they are told'
    : isClassifierName(judge)
      ? 'a classifier judges by its label'
      : null;
  const given = { criterion, verdict, 'judge-tokens': judgeTokens };
  const [flag] = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name])); // prettier-ignore
  if (own !== null && flag !== undefined) throw new UsageError(`--${flag}: ${own}; leave it out`);
}

/** Scorers by name, beside those that say what is right, and the same for the manifest. */
export async function openScorers(
  { scorer: names = [] }: { scorer?: readonly string[] | undefined },
  keep: Keep,
  lab: Pick<Lab, 'scorer'>,
): Promise<{ scorers: OpenedScorer[]; models: Record<string, { identity: Identity }> }> {
  const scorers: OpenedScorer[] = [];
  for (const name of names) scorers.push(keep(await lab.scorer(name)));
  const models = scorers.map(({ model }, i) => [`scorer ${i}`, { identity: model }] as const);
  return { scorers, models: Object.fromEntries(models) };
}

/** For the manifest. */
export function judgeModels(
  judges: readonly Judge[],
): Record<string, { identity: Judge['model']; warnings?: readonly string[] }> {
  return Object.fromEntries(
    judges.map(({ model, warnings }, i) => [
      `judge ${i}`,
      { identity: model, ...(warnings && { warnings }) },
    ]),
  );
}
