/** How each kind of part is found where it is complete, and run where it is not. */
import type { Part, PartKind } from '../plan.js';
import type { PartResults, Results } from '../results.js';
import type { Page } from '../../plot/page/page.js';
import { z } from 'zod';
import { experimentOf, summaryKinds } from '../../experiment/summaryKinds.js';
import { readFinishedRun } from '../../record/run.js';
import type { Stages } from '../../experiment/shared/stages.js';
import { comparePart, roundsPart } from './answers.js';
import { causalPart, lensPart, scanPart, sweepPart } from './interior.js';
import { partConfiguration, partFolder, type Setting } from '../setting.js';

/** Runs a part of one kind; tests hand in their own. */
export type PartRunners = {
  readonly [K in PartKind]: (
    part: Part,
    setting: Setting,
    stages: Stages,
  ) => Promise<PartResults[K]>;
};

export const partRunners: PartRunners = {
  rounds: roundsPart,
  compare: comparePart,
  scan: scanPart,
  lens: lensPart,
  sweep: sweepPart,
  causal: causalPart,
};

/** Puts a complete part among the results, without loading a model. @returns whether it is one */
export async function findPart(part: Part, setting: Setting): Promise<true | null> {
  const { kind, model } = part;
  const experiment = await experimentOf(kind);
  const found = await readFinishedRun({
    ...partConfiguration(part, setting),
    ...{ folder: partFolder(part, setting), kind },
    summary: experiment?.summaries.find((known) => known.kind === kind)?.shape ?? z.unknown(),
    record: experiment?.record ?? z.unknown(),
  });
  // The shapes are those of the kind.
  if (found) setting.results.add(kind, model, found as PartResults[typeof kind]);
  return found && true;
}

/** Runs a part, and puts it among the results. */
export async function runPart(
  part: Part,
  given: { setting: Setting; runners: PartRunners; stages: Stages },
): Promise<true> {
  await runKind(part.kind, part, given);
  return true;
}

async function runKind<K extends PartKind>(
  kind: K,
  part: Part,
  { setting, runners, stages }: Parameters<typeof runPart>[1],
): Promise<void> {
  setting.results.add(kind, part.model, await runners[kind](part, setting, stages));
}

/** Pages of the parts that are complete, by the parts' names. */
export async function partPages(
  parts: readonly Part[],
  results: Results,
): Promise<Map<string, Page>> {
  const kinds = new Map((await summaryKinds()).map((known) => [known.kind, known]));
  const found = parts.flatMap(({ name, kind, model }): [string, Page][] => {
    const summary: unknown = results.find(kind, model)?.summary;
    const page = summary === undefined ? undefined : kinds.get(kind)?.draw(summary, name);
    return page ? [[name, page]] : [];
  });
  return new Map(found);
}
