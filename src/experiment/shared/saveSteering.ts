/** What a run leaves for `--direction`: the direction, and beside it what coefficient 1 adds where. */
import { join } from 'node:path';
import { formatDirections } from '../../read/files/directionFile.js';
import {
  directionFileName,
  formatSteering,
  steeringFileName,
  type SavedSteering,
} from '../../read/files/steeringFile.js';
import type { StoredDirections } from '../../read/files/storedDirections.js';
import { writeAtomic } from '../../disk/atomic.js';
import { sha256 } from '../../record/hash.js';
import type { LanguageModel } from '../../runtime/decoder.js';
import { unitText } from './steeringUnit.js';

/** How direction, layers and scale came about. */
export type Chosen = Pick<SavedSteering, 'foundFrom' | 'chosen'>;

/**
 * Writes `directions.safetensors`, then `steering.json`; equal steerings give equal bytes.
 * @param given.stored with mean norms, which coefficients count in
 * @returns the path of the second.
 */
export async function saveSteering(
  folder: string,
  given: Chosen & {
    model: Pick<LanguageModel, 'name' | 'identity'>;
    stored: StoredDirections;
    plan: Pick<SavedSteering, 'layers' | 'scale' | 'unitValue'>;
    positions: SavedSteering['positions'];
  },
): Promise<string> {
  const { model, stored, plan, positions, foundFrom, chosen } = given;
  const bytes = formatDirections(stored);
  await writeAtomic(join(folder, directionFileName), bytes);
  const path = join(folder, steeringFileName);
  const text = formatSteering({
    model: { name: model.name, sha256: model.identity.sha256 },
    direction: { file: directionFileName, sha256: sha256(bytes) },
    foundFrom,
    ...{ layers: plan.layers, scale: plan.scale },
    ...{ unit: unitText, unitValue: plan.unitValue, positions, chosen },
  });
  await writeAtomic(path, text);
  return path;
}
