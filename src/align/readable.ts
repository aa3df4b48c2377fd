/** Correctors that cannot be read or steered, and how they say so. */
import type { LanguageModel } from '../runtime/decoder.js';
import type { Identity } from '../runtime/identity.js';
import type { Upstream, UpstreamOptions } from './upstream.js';
import type { CorrectionInput, Corrector, CorrectOptions, LocalCorrector } from './corrector.js';

const kinds: Record<Identity['kind'], string> = {
  model: 'a model that is not open here',
  server: 'a server',
  recorded: 'a file of recorded answers',
  function: 'a function',
};

/**
 * Before work that steers a corrector or reads it.
 * @param what the work, as errors begin, e.g. `sweep`
 * @throws where the corrector cannot be read or steered, with the reason.
 */
export function requireReadable(
  corrector: Pick<Corrector, 'name' | 'identity' | 'readable'>,
  what: string,
): void {
  if (!corrector.readable) throw unreadable(corrector, `${what}: `);
}

/**
 * The model behind a corrector, for work that reads hidden states.
 * @throws as {@link requireReadable}, and where no local model is behind it.
 */
export function requireModel(corrector: Corrector, what: string): LanguageModel {
  requireReadable(corrector, what);
  if (isLocal(corrector)) return corrector.model;
  throw unreadable(corrector, `${what}: `);
}

function isLocal(corrector: Corrector): corrector is LocalCorrector {
  return 'model' in corrector;
}

/** @throws where a request asks what only a readable corrector can do. */
export function refuseTreatment(
  corrector: Pick<Corrector, 'name' | 'identity'>,
  inputs: readonly CorrectionInput[],
  { steering, project, sampling }: CorrectOptions,
): void {
  const steered = inputs.some(({ coefficient, ablation }) => coefficient ?? ablation);
  if (steering ?? project ?? (steered || undefined)) throw unreadable(corrector, '');
  if (sampling) {
    throw new Error(
      `corrector: "${corrector.name}" is ${kinds[corrector.identity.kind]} and takes no sampling; leave it out`,
    );
  }
}

/** @throws where an upstream that draws nothing is asked to sample. */
export function refuseSampling(
  { name, identity }: Pick<Upstream, 'name' | 'identity'>,
  sampling: UpstreamOptions['sampling'],
): void {
  if (!sampling || sampling.temperature === 0) return;
  throw new Error(
    `upstream: "${name}" is ${kinds[identity.kind]} and takes no sampling; leave it out`,
  );
}

function unreadable({ name, identity }: Pick<Corrector, 'name' | 'identity'>, at: string): Error {
  return new Error(
    `${at || 'corrector: '}"${name}" is ${kinds[identity.kind]}, which cannot be read or steered; ` +
      'name a local model, e.g. corrector-arithmetic-m',
  );
}
