/** Calibrations on disk, beside the direction that they are of. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../disk/makeFolder.js';
import { writeAtomic } from '../../disk/atomic.js';
import { checked } from '../../shape/check.js';
import { sha256 } from '../../record/hash.js';
import type { SteeringKnob } from '../shared/steeringKnob.js';
import { calibrationFileName, calibrationShape, type Calibration } from './shape.js';
import { decodeUtf8 } from '../../text/utf8.js';

/** What a calibration must be of, to be believed. */
export interface CalibratedKnob {
  knob: SteeringKnob;
  /** SHA-256 of the corrector. */
  model: string;
}

/** SHA-256 of the vectors that are added. */
export function directionHash({ directions, layers }: SteeringKnob): string {
  const { vectors, width } = directions;
  const rows = layers.map((layer) => vectors.subarray(layer * width, (layer + 1) * width));
  const bytes = rows.map((row) => Buffer.from(row.buffer, row.byteOffset, row.byteLength));
  return sha256(Buffer.concat(bytes));
}

/** Where the calibration of a direction lies, by the direction's file. */
export function calibrationBeside(direction: string): string {
  return join(dirname(direction), calibrationFileName);
}

export async function saveCalibration(path: string, calibration: Calibration): Promise<void> {
  await makeFolder(dirname(path));
  await writeAtomic(path, `${JSON.stringify(calibration, null, 2)}\n`, 'calibration');
}

/**
 * A calibration; null where there is none.
 * @throws where it cannot be read, or is of another corrector, direction or steering.
 */
export async function readCalibration(
  path: string,
  { knob, model }: CalibratedKnob,
): Promise<Calibration | null> {
  if (!existsSync(path)) return null;
  const calibration = checked(calibrationShape, parsed(await readFile(path), path), `calibration: ${path}`); // prettier-ignore
  const differs = differenceOf(calibration, { knob, model });
  if (differs === null) return calibration;
  throw new Error(
    `calibration: ${path} is of another ${differs}; make it anew with \`aligner-lab calibrate\``,
  );
}

function differenceOf(
  { model, direction, layers, unitValue, positions }: Calibration,
  asked: CalibratedKnob,
): string | null {
  const { knob } = asked;
  if (model.sha256 !== asked.model) return 'corrector';
  if (layers.join() !== knob.layers.join()) return 'choice of layers';
  if (direction.sha256 !== directionHash(knob)) return 'direction';
  const other = unitValue.some((value, i) => Math.abs(value - (knob.unitValue[i] ?? NaN)) > 1e-6 * value); // prettier-ignore
  if (other) return 'scale';
  return positions === knob.positions ? null : 'choice of positions';
}

function parsed(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes)) as unknown;
  } catch (cause) {
    throw new Error(`calibration: ${path} is no JSON; make it anew with \`aligner-lab calibrate\``, { cause }); // prettier-ignore
  }
}
