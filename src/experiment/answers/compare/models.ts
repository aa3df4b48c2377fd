/** The models of a comparison, opened by name. */
import { isModelName } from '../../../align/open.js';
import type { Identity } from '../../../runtime/identity.js';
import { modelSize } from '../../../runtime/modelFiles.js';
import type { OptionValues } from '../../../shape/options.js';
import { UsageError } from '../../../text/usageError.js';
import type { Lab } from '../../shared/lab.js';
import type { Openings } from '../../shared/openings.js';
import { doublings, sizeLabels } from '../../shared/sizes.js';
import type { options } from './flags.js';
import type { ComparedModels, ModelSize } from './systems.js';

type Given = OptionValues<typeof options> & { seed: number };
type Identified = Record<string, { identity: Identity }>;

/** @returns what is compared, and the same by what a manifest calls it */
export async function openCompared(
  given: Given,
  openings: Openings,
  lab: Lab,
): Promise<{ compared: ComparedModels; models: Identified }> {
  const { correctors: names, seed, samples } = given;
  checkCompanions(given);
  const sizes = await sizesOf(names, lab);
  const models: Identified = {};
  const known = <T extends { identity: Identity }>(key: string, opened: T): T => {
    models[key] = opened;
    return opened;
  };
  const upstream = known('upstream', await openings.upstream(given.upstream));
  const compared: Mutable<ComparedModels> = { upstream, correctors: [] };
  for (const [i, size] of sizes.entries()) {
    const [corrector = '', aligner] = [names[i], given.aligners?.[i]];
    const opened = known(`correctors ${i}`, await openings.corrector(corrector));
    compared.correctors = [...compared.correctors, { ...size, corrector: opened }];
    if (aligner !== undefined) {
      const whole = known(`aligners ${i}`, await openings.aligner(aligner));
      compared.aligners = [...(compared.aligners ?? []), { ...size, aligner: whole }];
    }
    const proxy = await openProxy(i, given, openings, lab);
    if (proxy) {
      known(`experts ${i}`, proxy.upstream);
      compared.proxies = [...(compared.proxies ?? []), { ...size, ...proxy }];
    }
  }
  for (const kind of ['sft', 'dpo'] as const) {
    const name = given[kind];
    if (name === undefined) continue;
    const tuned = known(kind, await openings.upstream(name));
    compared.tuned = [...(compared.tuned ?? []), { kind, upstream: tuned }];
  }
  if (samples > 0) {
    // The authors' sampling.
    const sampling = { temperature: 0.7, topP: 0.95, topK: 40, seed };
    compared.sampler = await openings.upstream(given.upstream, { sampling });
    compared.bestOf = doublings(samples);
  }
  return { compared, models };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

async function openProxy(
  index: number,
  { upstream, alpha, experts, antiExperts }: Given,
  openings: Openings,
  lab: Lab,
): Promise<Omit<NonNullable<ComparedModels['proxies']>[number], keyof ModelSize> | null> {
  const [expertName, antiExpertName] = [experts?.[index], antiExperts?.[index]];
  if (expertName === undefined || antiExpertName === undefined) return null;
  const expert = await lab.find(expertName);
  const antiExpert = await lab.find(antiExpertName);
  const tuned = await openings.upstream(upstream, { proxy: { expert, antiExpert, alpha } });
  return { expert: expert.name, alpha, upstream: tuned };
}

/** What remains of the correctors' names, and the bytes of those that are files. */
async function sizesOf(names: readonly string[], lab: Lab): Promise<ModelSize[]> {
  const found = [];
  for (const name of names) found.push(isModelName(name) ? await lab.find(name) : null);
  const labels = sizeLabels(found.map((files, i) => files?.name ?? names[i] ?? ''));
  return found.map((files, i) => {
    return { size: labels[i] ?? '', bytes: files ? modelSize(files.file) : null };
  });
}

/** @throws where companions are more than the correctors, or experts lack their beginnings. */
function checkCompanions({
  correctors,
  aligners = [],
  experts = [],
  antiExperts = [],
}: Given): void {
  const most = correctors.length;
  for (const [flag, names] of Object.entries({ aligners, experts, 'anti-experts': antiExperts })) {
    if (names.length <= most) continue;
    throw new UsageError(
      `compare: --${flag} names ${names.length} models (expected at most ${most}, one per corrector)`,
    );
  }
  if (experts.length !== antiExperts.length) {
    throw new UsageError(
      `compare: proxy-tuning needs --experts and --anti-experts alike (got ${experts.length} and ${antiExperts.length})`,
    );
  }
}
