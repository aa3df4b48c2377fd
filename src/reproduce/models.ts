/** Which models are run: those named, and the embedded ones where nothing is named. */
import type { ReproduceModels, SizeModels, Tuning } from './plan.js';
import { listEmbedded } from '../runtime/modelFiles.js';
import { embedded } from '../data/artifacts.js';
import { UsageError } from '../text/usageError.js';

export interface NamedModels {
  /** Then one embedded size will do. */
  quick: boolean;
  upstream: string;
  corrector: readonly string[] | undefined;
  aligner: readonly string[] | undefined;
  expert: readonly string[] | undefined;
  antiExpert: readonly string[] | undefined;
  sft: string | undefined;
  dpo: string | undefined;
}

export interface ChosenModels {
  models: ReproduceModels;
  /** Embedded models that would be taken and are not there. */
  absent: string[];
}

const embeddedCorrectors = ['s', 'm', 'l', 'm-seed2'].map((size) => `corrector-arithmetic-${size}`);

/** What goes with an embedded corrector. A second seed has the size of the first, so nothing new. */
function companions(corrector: string): Omit<SizeModels, 'corrector'> {
  const size = /^corrector-arithmetic-([sml])$/.exec(corrector)?.[1];
  if (size === undefined) return {};
  return {
    aligner: `aligner-arithmetic-${size}`,
    expert: `expert-arithmetic-${size}`,
    antiExpert: `${corrector}-stage1`,
  };
}

/**
 * @param there names of the embedded models
 * @throws where lists do not go together, or there is no corrector.
 */
export function chooseModels(named: NamedModels, there = listEmbedded()): ChosenModels {
  checkLists(named);
  const absent: string[] = [];
  const has = (model: string | undefined): boolean => {
    if (model === undefined) return false;
    if (!there.includes(model)) absent.push(model);
    return there.includes(model);
  };
  const usual = named.quick ? [embedded.corrector] : embeddedCorrectors;
  const correctors = named.corrector ?? usual.filter(has);
  if (correctors.length === 0) {
    throw new Error('reproduce: no embedded corrector is there; name one with --corrector');
  }
  const sizes = correctors.map((corrector, i) => sizeModels(corrector, i, { named, has }));
  const own = named.upstream === embedded.upstream;
  const tuned = (how: Tuning): string | undefined => {
    const version = own ? `${embedded.upstream}-${how}` : undefined;
    return named[how] ?? (has(version) ? version : undefined);
  };
  const [sft, dpo] = [tuned('sft'), tuned('dpo')];
  const models = {
    upstream: named.upstream,
    sizes,
    tuned: { ...(sft !== undefined && { sft }), ...(dpo !== undefined && { dpo }) },
  };
  return { models, absent };
}

function sizeModels(
  corrector: string,
  i: number,
  { named, has }: { named: NamedModels; has: (model: string | undefined) => boolean },
): SizeModels {
  const usual = companions(corrector);
  const aligner = named.aligner ? named.aligner[i] : has(usual.aligner) ? usual.aligner : undefined;
  const pair = named.expert
    ? { expert: named.expert[i], antiExpert: named.antiExpert?.[i] }
    : [has(usual.expert), has(usual.antiExpert)].every(Boolean)
      ? usual
      : {};
  const { expert, antiExpert } = pair;
  return {
    corrector,
    ...(aligner !== undefined && { aligner }),
    ...(expert !== undefined && antiExpert !== undefined && { expert, antiExpert }),
  };
}

function checkLists({ corrector, aligner, expert, antiExpert }: NamedModels): void {
  if (expert?.length !== antiExpert?.length) {
    throw new UsageError(
      `reproduce: --expert and --anti-expert go in pairs (got ${expert?.length ?? 0} and ${antiExpert?.length ?? 0})`,
    );
  }
  const most = corrector?.length ?? embeddedCorrectors.length;
  for (const [flag, list] of [
    ['--aligner', aligner],
    ['--expert', expert],
  ] as const) {
    if (list && list.length > most) {
      throw new UsageError(
        `reproduce: ${flag} names ${list.length} models for ${most} correctors (expected at most one for each, in their order)`,
      );
    }
  }
}

/** Every model of a plan, once, by what it is. */
export function allModels({ upstream, sizes, tuned }: ReproduceModels): string[] {
  const names = sizes.flatMap((models) => [
    models.corrector,
    models.aligner,
    models.expert,
    models.antiExpert,
  ]);
  const known = [upstream, ...names, ...Object.values(tuned)].filter((name) => name !== undefined);
  return [...new Set(known)];
}
