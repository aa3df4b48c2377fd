/** The models of a comparison, opened by name. */
import { isModelName } from '../../../align/open.js';
import { createLocalUpstream, type Upstream } from '../../../align/upstream.js';
import type { Identity } from '../../../runtime/identity.js';
import { modelSize } from '../../../runtime/modelFiles.js';
import type { OptionValues } from '../../../shape/options.js';
import { UsageError } from '../../../text/usageError.js';
import { isServerName } from '../../../wire/address.js';
import type { Lab } from '../../shared/lab.js';
import type { Keep } from '../../shared/opening.js';
import { samplingOf } from '../../shared/sampling.js';
import { doublings, sizeLabels } from '../../shared/sizes.js';
import type { options } from './flags.js';
import type { ComparedModels, ModelSize } from './systems.js';

type Given = OptionValues<typeof options> & { seed: number };
type Identified = Record<string, { identity: Identity }>;

/** For batches that run side by side. */
const copies = { copies: true };

/** @returns what is compared, and the same by what a manifest calls it */
export async function openCompared(
  given: Given,
  keep: Keep,
  lab: Lab,
): Promise<{ compared: ComparedModels; models: Identified }> {
  checkCompanions(given);
  const sizes = await sizesOf(given.correctors, lab);
  const own = await openUpstreams(given, keep, lab);
  const correctors = await each(given.correctors, async (name) => {
    return keep(await lab.corrector(name, copies));
  });
  const aligners = await each(given.aligners, async (name) => {
    return keep(await lab.aligner(name, copies));
  });
  const proxies = await each(given.experts, async (_, i) => await openProxy(i, given, keep, lab));
  const tuned: NonNullable<ComparedModels['tuned']>[number][] = [];
  for (const kind of ['sft', 'dpo'] as const) {
    const name = given[kind];
    if (name !== undefined) tuned.push({ kind, upstream: keep(await lab.upstream(name, copies)) });
  }
  const sized = <T extends object>(some: readonly T[]): (T & ModelSize)[] =>
    some.flatMap((one, i) => (sizes[i] ? [{ ...sizes[i], ...one }] : []));
  return {
    compared: {
      ...own,
      correctors: sized(correctors.map((corrector) => ({ corrector }))),
      aligners: sized(aligners.map((aligner) => ({ aligner }))),
      proxies: sized(proxies),
      tuned,
    },
    models: {
      upstream: own.upstream,
      ...numbered('correctors', correctors),
      ...numbered('aligners', aligners),
      ...numbered(
        'experts',
        proxies.map(({ upstream }) => upstream),
      ),
      ...Object.fromEntries(tuned.map(({ kind, upstream }) => [kind, upstream])),
    },
  };
}

/** One after the other; none where nothing is named. */
async function each<T>(
  names: readonly string[] | undefined,
  open: (name: string, index: number) => Promise<T>,
): Promise<T[]> {
  const all: T[] = [];
  for (const [i, name] of (names ?? []).entries()) all.push(await open(name, i));
  return all;
}

function numbered<T>(key: string, all: readonly T[]): Record<string, T> {
  return Object.fromEntries(all.map((one, i) => [`${key} ${i}`, one]));
}

/** The upstream, and the same one sampling, on one model. */
async function openUpstreams(
  given: Given,
  keep: Keep,
  lab: Lab,
): Promise<Pick<ComparedModels, 'upstream' | 'sampler' | 'bestOf'>> {
  const { upstream: name, samples, seed } = given;
  // The authors' sampling; servers know no topK.
  const sampling = { temperature: 0.7, topP: 0.95, topK: 40, seed };
  const votes = { bestOf: samples > 0 ? doublings(samples) : undefined };
  if (!isModelName(name)) {
    const upstream = keep(await lab.upstream(name));
    if (samples === 0) return { upstream, sampler: undefined, ...votes };
    // A recording has its own samples.
    const sampler = isServerName(name) ? keep(await lab.upstream(name, { sampling })) : upstream;
    return { upstream, sampler, ...votes };
  }
  const model = keep(await lab.load(name, copies));
  return {
    upstream: createLocalUpstream({ model, sampling: samplingOf(given) }),
    sampler: samples > 0 ? createLocalUpstream({ model, sampling }) : undefined,
    ...votes,
  };
}

async function openProxy(
  index: number,
  { upstream, alpha, experts, antiExperts }: Given,
  keep: Keep,
  lab: Lab,
): Promise<{ expert: string; alpha: number; upstream: Upstream }> {
  const expert = await lab.find(experts?.[index] ?? '');
  const antiExpert = await lab.find(antiExperts?.[index] ?? '');
  const proxy = { expert, antiExpert, alpha };
  const tuned = keep(await lab.upstream(upstream, { ...copies, proxy }));
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
  for (const [flag, names] of Object.entries({
    aligner: aligners,
    expert: experts,
    'anti-expert': antiExperts,
  })) {
    if (names.length <= most) continue;
    throw new UsageError(
      `compare: --${flag} names ${names.length} models (expected at most ${most}, one per corrector)`,
    );
  }
  if (experts.length !== antiExperts.length) {
    throw new UsageError(
      `compare: proxy-tuning needs --expert and --anti-expert alike (got ${experts.length} and ${antiExperts.length})`,
    );
  }
}
