/** A machine that helps with another one's reproduction: all parts, without what is that one's alone. */
import { opening } from '../experiment/shared/opening.js';
import type { Stages } from '../experiment/shared/stages.js';
import { HelpEnds } from '../record/claims.js';
import type { RunConfiguration } from '../record/manifest.js';
import type { ReproduceHost } from './host.js';
import { helpScan } from './parts/interior.js';
import { partRunners, runPart } from './parts/parts.js';
import { planParts, type Part, type PartKind } from './plan.js';
import { prepare, type ReproduceOptions } from './prepare.js';
import { runParts } from './runParts.js';
import type { Setting } from './setting.js';

/**
 * Computes what units it can; the records in its folder are of no use.
 * @param check told what identifies the run, before anything is computed
 * @throws where a part failed, when all are over; what `check` throws; where the work is cancelled.
 */
export async function helpReproduce(
  options: ReproduceOptions & { out: string; only?: readonly PartKind[] | undefined },
  host: ReproduceHost,
  check: (configuration: RunConfiguration) => void,
): Promise<void> {
  const { only } = options;
  await using prepared = await opening((keep) => prepare(options, { ...host, helps: true }, keep));
  const { setting, configuration, extent } = prepared;
  check(configuration);
  const stages: Stages = () => () => undefined;
  const outcomes = runParts<Part, true>({
    parts: planParts(setting.models, extent),
    atOnce: setting.partsAtOnce,
    signal: host.signal,
    ...(only && { wanted: ({ kind }) => only.includes(kind) }),
    find: () => Promise.resolve(null),
    run: async ({ part }) => {
      await helpPart(part, setting, stages);
      return true;
    },
  });
  const failed: string[] = [];
  for await (const { part, state, error } of outcomes) {
    if (state === 'failed') failed.push(`${part.name}: ${error}`);
  }
  if (failed.length > 0) throw new Error(`reproduce: ${failed.join('; ')}`);
}

async function helpPart(part: Part, setting: Setting, stages: Stages): Promise<void> {
  try {
    if (part.kind === 'scan') await helpScan(part, setting, stages);
    else await runPart(part, { setting, stages, runners: partRunners });
  } catch (error) {
    if (!(error instanceof HelpEnds)) throw error;
  }
}
