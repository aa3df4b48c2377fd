/** The directions that requests may name, each with its calibration where it has one. */
import { basename, dirname } from 'node:path';
import type { Corrector } from '../align/corrector.js';
import { requireModel } from '../align/readable.js';
import { calibrationBeside, readCalibration } from '../experiment/calibrate/file.js';
import { openSteering, ownPlace } from '../experiment/shared/openSteering.js';
import { describeKnob } from '../experiment/shared/steeringKnob.js';
import { locateDirection, type DirectionPlace } from '../read/files/steeringFile.js';
import type { LanguageModel } from '../runtime/decoder.js';
import { reasonOf } from '../text/errorSentence.js';
import type { NamedKnob } from './strength.js';

export interface KnobsOptions {
  corrector: Corrector;
  /** Absolute paths, as `--direction` has them. Default: the model's own, where it has one. */
  directions?: readonly string[];
  layers?: readonly number[] | undefined;
  scale?: number | undefined;
  /** Of the first direction. Default: beside each direction. */
  calibration?: string | undefined;
  /** SHA-256 of the upstream, which a calibration is of, too. */
  upstream: string;
  warn: (text: string) => void;
  note: (text: string) => void;
}

/** @throws where a direction is named that cannot be used. */
export async function openKnobs(options: KnobsOptions): Promise<NamedKnob[]> {
  const { corrector, directions, warn } = options;
  if (!directions && !('model' in corrector)) return [];
  const model = requireModel(corrector, 'serve --direction');
  if (directions) {
    const knobs: NamedKnob[] = [];
    for (const from of directions) {
      const place = await locateDirection(from);
      knobs.push(await openKnob(model, { ...options, from, place, first: knobs.length === 0 }));
    }
    return uniquely(knobs);
  }
  try {
    const place = await ownPlace(model);
    return place ? [await openKnob(model, { ...options, place, first: true })] : [];
  } catch (error) {
    if (options.calibration !== undefined) throw error;
    warn(`its own direction is not used: ${reasonOf(error)}`);
    return [];
  }
}

async function openKnob(
  model: LanguageModel,
  options: KnobsOptions & { from?: string; place: DirectionPlace; first: boolean },
): Promise<NamedKnob> {
  const { from, place, layers, scale, first, note } = options;
  const knob = await openSteering({
    model,
    ...(from !== undefined && { from }),
    ...(layers && { layers }),
    ...(scale !== undefined && { scale }),
  });
  const name = from === undefined ? 'own' : nameOf(place.direction);
  note(`direction ${name}: ${describeKnob(knob)}`);
  const given = first ? options.calibration : undefined;
  const calibration = await calibrationOf(given ?? calibrationBeside(place.direction), {
    ...options,
    ...{ model: model.identity.sha256, knob, name, needed: given !== undefined },
  });
  return { name, knob, calibration };
}

/** One that is beside and does not fit is left alone, with a word; one that is named must fit. */
async function calibrationOf(
  path: string,
  about: Pick<KnobsOptions, 'warn' | 'upstream'> & {
    model: string;
    knob: NamedKnob['knob'];
    name: string;
    needed: boolean;
  },
): Promise<NamedKnob['calibration']> {
  const { warn, upstream, needed } = about;
  try {
    const calibration = await readCalibration(path, about);
    if (!calibration && needed) throw new Error(`calibration: there is no ${path}`);
    if (calibration && calibration.upstream.sha256 !== upstream) {
      warn(`${path} was measured with the upstream ${calibration.upstream.name}; edit ratios may be others with this one`); // prettier-ignore
    }
    return calibration;
  } catch (error) {
    if (needed) throw error;
    warn(`no target can be asked for: ${reasonOf(error)}`);
    return null;
  }
}

/** The folder's name: files are mostly called alike. */
function nameOf(direction: string): string {
  const folder = basename(dirname(direction));
  return folder === '' ? basename(direction) : folder;
}

function uniquely(knobs: readonly NamedKnob[]): NamedKnob[] {
  return knobs.map((one, i) => {
    const before = knobs.slice(0, i).filter(({ name }) => name === one.name).length;
    return before === 0 ? one : { ...one, name: `${one.name}-${before + 1}` };
  });
}
