/** What goes into the key of a unit of work: who computes it, wherever that lies on a disk. */
import type { Identity } from '../../runtime/identity.js';
import type { Judges } from '../../judge/judgesFor.js';

/** Without where it was found, which is another place on another machine. */
export function whoIs({ identity }: { identity: Identity }): Omit<Identity, 'source'> {
  const { kind, name, sha256, device, settings } = identity;
  return { kind, name, sha256, device, settings };
}

/** Who judges. */
export function judgesAre({ scorers, sentences }: Judges): Record<string, unknown> {
  return {
    scorers: scorers.map(({ name, identity }) => ({ name, identity })),
    sentences: sentences?.identity ?? null,
  };
}
