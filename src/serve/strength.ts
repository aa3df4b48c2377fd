/**
 * How strongly a request is corrected: what it asks for in its body, its headers and the name of its
 * model, and what the server adds to the residual stream for it.
 */
import { z } from 'zod';
import type { LoopOptions, LoopRow } from '../align/stream.js';
import { coefficientFor } from '../experiment/calibrate/curve.js';
import type { Calibration } from '../experiment/calibrate/shape.js';
import { makeKnob, rowSteering, type SteeringKnob } from '../experiment/shared/steeringKnob.js';
import { absentLayers } from '../read/directions.js';
import { rangeOf, rangeRule } from '../text/range.js';
import { badRequest } from './apiError.js';

const layerIndices = z.array(z.int().min(0)).min(1);

/** What may be asked for, all of it optional. Of `coefficient`, `target` and `off` one at most. */
export const strengthAsked = z.strictObject({
  coefficient: z
    .number()
    .optional()
    .describe('above 0 towards correcting, below 0 towards copying'),
  target: z
    .number()
    .min(0)
    .optional()
    .describe('edit ratio that the answers should have on average'),
  off: z.boolean().optional().describe('nothing is corrected, where the server allows that'),
  layers: layerIndices.optional().describe('steered, from 0; default: as saved with the direction'),
  direction: z.string().optional().describe('one of those that the server has'),
});
export type StrengthAsked = z.infer<typeof strengthAsked>;

/** A direction that requests may name. */
export interface NamedKnob {
  name: string;
  knob: SteeringKnob;
  /** Measured on prompts, so that a target can be asked for; null where nobody has. */
  calibration: Calibration | null;
}

/** What requests may ask for, and what they get that ask for nothing. */
export interface StrengthRules {
  /** The first one is the default; none where the corrector cannot be steered. */
  knobs: readonly NamedKnob[];
  defaults: Pick<StrengthAsked, 'coefficient' | 'target'>;
  /** Largest |coefficient|. */
  maxCoefficient: number;
  allowOff: boolean;
  /** Of the corrector, for errors. */
  corrector: string;
}

/** What is done to one request. */
export interface Strength {
  /** What the corrector is pushed by; 0 where it is not. */
  coefficient: number;
  /** The edit ratio that was asked for; null where a coefficient was. */
  target: number | null;
  off: boolean;
  direction: string | null;
  /** Steered; empty where nothing is. */
  layers: readonly number[];
  /** For the loop. Without a direction there is none. */
  steering: Pick<LoopOptions, 'steering'> & Pick<LoopRow, 'coefficient'>;
  named: NamedKnob | null;
}

/** The names of the headers. */
export const strengthHeaders = {
  coefficient: 'x-aligner-coefficient',
  target: 'x-aligner-target',
  off: 'x-aligner-off',
  layers: 'x-aligner-layers',
  direction: 'x-aligner-direction',
} as const;

/** What the headers ask for. @param headers by names in small letters @throws ApiError */
export function strengthOfHeaders(headers: Readonly<Record<string, string>>): StrengthAsked {
  const known: readonly string[] = Object.values(strengthHeaders);
  const strange = Object.keys(headers).find((name) => name.startsWith('x-aligner-') && !known.includes(name)); // prettier-ignore
  if (strange !== undefined) {
    throw badRequest(`unknown header ${strange.slice(0, 60)}; leave it out (expected ${known.join(', ')})`, strange, 'unknown_parameter'); // prettier-ignore
  }
  const asked: StrengthAsked = {};
  const value = (key: keyof typeof strengthHeaders): string | undefined => {
    const given = headers[strengthHeaders[key]]?.trim();
    return given === '' ? undefined : given;
  };
  for (const key of ['coefficient', 'target'] as const) {
    const given = value(key);
    if (given !== undefined) asked[key] = numberOf(given, strengthHeaders[key]);
  }
  const off = value('off');
  if (off !== undefined) asked.off = booleanOf(off, strengthHeaders.off);
  const layers = value('layers');
  if (layers !== undefined) {
    asked.layers = layers.split(',').flatMap((one) => layersIn(one.trim()));
  }
  const direction = value('direction');
  if (direction !== undefined) asked.direction = direction;
  return parsed(asked, 'headers');
}

/** `model@0.5`, `model@target=0.2`, `model@off`: the model, and what is asked for behind its name. */
export function strengthOfModel(model: string): { model: string; asked: StrengthAsked } {
  const at = model.lastIndexOf('@');
  const suffix = at < 0 ? '' : model.slice(at + 1);
  const name = model.slice(0, Math.max(0, at));
  if (suffix === 'off') return { model: name, asked: { off: true } };
  const target = /^target=(.+)$/.exec(suffix)?.[1];
  if (target !== undefined) {
    return { model: name, asked: parsed({ target: numberOf(target, 'model') }, 'model') };
  }
  if (!/^[+-]?\.?\d/.test(suffix)) return { model, asked: {} };
  return { model: name, asked: { coefficient: numberOf(suffix, 'model') } };
}

/**
 * What is done to a request: what the earliest of the sources says that says anything of the amount,
 * and so for layers and direction.
 * @throws ApiError where it is out of bounds or cannot be had.
 */
export function resolveStrength(sources: readonly StrengthAsked[], rules: StrengthRules): Strength {
  const amount: StrengthAsked = sources.find(saysAmount) ?? rules.defaults;
  const layers = firstOf(sources, 'layers');
  const direction = firstOf(sources, 'direction');
  checkAmount(amount);
  if (amount.off === true) {
    if (!rules.allowOff) {
      throw badRequest('aligner: this server sends nothing unchecked (off needs serve --allow-off)', 'aligner.off', 'off_not_allowed'); // prettier-ignore
    }
    return unsteered(true);
  }
  const asksToSteer = (amount.coefficient ?? 0) !== 0 || amount.target !== undefined;
  if (rules.knobs.length === 0) {
    if (asksToSteer || layers || direction !== undefined) {
      throw badRequest(`aligner: ${rules.corrector} cannot be steered here, since the server has no direction for it; leave coefficient, target, layers and direction out`, 'aligner', 'not_steerable'); // prettier-ignore
    }
    return unsteered(false);
  }
  return steered(amount, { layers, direction }, rules);
}

function steered(
  amount: StrengthAsked,
  { layers, direction }: Pick<StrengthAsked, 'layers' | 'direction'>,
  { knobs, maxCoefficient }: StrengthRules,
): Strength {
  const [first] = knobs;
  const named = direction === undefined ? first : knobs.find(({ name }) => name === direction);
  if (!named) {
    throw badRequest(`aligner: unknown direction ${direction} (expected ${knobs.map(({ name }) => name).join(', ')})`, 'aligner.direction'); // prettier-ignore
  }
  const knob = layers ? withLayers(named.knob, layers) : named.knob;
  const coefficient = amount.target === undefined ? (amount.coefficient ?? 0) : aimed(amount.target, named, layers); // prettier-ignore
  if (Math.abs(coefficient) > maxCoefficient) {
    throw badRequest(`aligner: coefficient ${coefficient} is out of bounds (expected -${maxCoefficient} … ${maxCoefficient})`, 'aligner.coefficient', 'out_of_bounds'); // prettier-ignore
  }
  return {
    ...{ coefficient, target: amount.target ?? null, off: false, direction: named.name },
    ...{ layers: knob.layers, steering: rowSteering(knob, coefficient), named },
  };
}

/** The coefficient at which the calibration saw that edit ratio. */
function aimed(target: number, named: NamedKnob, layers: readonly number[] | undefined): number {
  const { name, calibration } = named;
  if (!calibration) {
    throw badRequest(`aligner: direction ${name} is not calibrated, so that no target can be aimed at; run aligner-lab calibrate, or give a coefficient`, 'aligner.target', 'not_calibrated'); // prettier-ignore
  }
  if (layers && layers.join() !== named.knob.layers.join()) {
    throw badRequest(`aligner: the calibration is of layers ${named.knob.layers.join(', ')}; leave layers out, or give a coefficient`, 'aligner.layers'); // prettier-ignore
  }
  const coefficient = coefficientFor(calibration, target);
  if (coefficient !== null) return coefficient;
  const [low, high] = calibration.reach;
  throw badRequest(`aligner: no coefficient gave an edit ratio of ${target} (expected ${low.toFixed(3)} … ${high.toFixed(3)}, as calibrated)`, 'aligner.target', 'out_of_reach'); // prettier-ignore
}

function withLayers(knob: SteeringKnob, layers: readonly number[]): SteeringKnob {
  const absent = absentLayers(knob.directions);
  const count = knob.directions.layers;
  const wrong = layers.find((layer) => layer >= count || absent.includes(layer));
  if (wrong === undefined) return makeKnob({ ...knob, layers });
  throw badRequest(`aligner: layer ${wrong} cannot be steered (expected layers of 0 … ${count - 1}${absent.length > 0 ? ` but ${absent.join(', ')}` : ''})`, 'aligner.layers'); // prettier-ignore
}

function unsteered(off: boolean): Strength {
  return {
    ...{ coefficient: 0, target: null, off, direction: null, layers: [] },
    ...{ steering: {}, named: null },
  };
}

function saysAmount({ coefficient, target, off }: StrengthAsked): boolean {
  return coefficient !== undefined || target !== undefined || off !== undefined;
}

function checkAmount({ coefficient, target, off }: StrengthAsked): void {
  const said = [coefficient, target, off === true ? off : undefined];
  if (said.filter((one) => one !== undefined).length <= 1) return;
  throw badRequest('aligner: coefficient, target and off exclude each other; give one', 'aligner');
}

function firstOf<K extends keyof StrengthAsked>(
  sources: readonly StrengthAsked[],
  key: K,
): StrengthAsked[K] {
  return sources.find((source) => source[key] !== undefined)?.[key];
}

/** `7` or `4-6`, as the command line has them. */
function layersIn(given: string): number[] {
  const range = rangeOf(given);
  if (range === null) return [numberOf(given, strengthHeaders.layers)];
  if (range.length > 0) return range;
  throw badRequest(
    `${strengthHeaders.layers}: expected ${rangeRule}, got ${JSON.stringify(given.slice(0, 40))}`,
    strengthHeaders.layers,
  );
}

function numberOf(given: string, where: string): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(given) ? Number(given) : NaN;
  if (Number.isFinite(value)) return value;
  throw badRequest(`${where}: expected a number, got ${JSON.stringify(given.slice(0, 40))}`, where);
}

function booleanOf(given: string, where: string): boolean {
  if (given === 'true' || given === '1') return true;
  if (given === 'false' || given === '0') return false;
  throw badRequest(`${where}: expected true or false, got ${JSON.stringify(given.slice(0, 40))}`, where); // prettier-ignore
}

function parsed(asked: StrengthAsked, where: string): StrengthAsked {
  const found = strengthAsked.safeParse(asked);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  throw badRequest(`${where}: ${issue?.path.join('.') ?? ''} is not usable (${issue?.message ?? 'of another kind'})`, where); // prettier-ignore
}
