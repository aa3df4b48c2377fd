/** One text gone on with at several strengths of one direction. */
import { norm } from '../../math/linear.js';
import type { Directions } from '../directions.js';
import type { Model, WriteOptions, Generation } from './model.js';
import type { PromptOptions } from './prompt.js';
import type { Steer } from './steer.js';

export interface SteeredTextsOptions extends Omit<WriteOptions, 'steer'> {
  model: Model;
  text: string;
  directions: Directions;
  /** Steered layers, from 0. */
  layers: readonly number[];
  /** `[L]`, see {@link Steer.unit}. */
  unit: readonly number[];
  /** One text each, in their order. */
  coefficients: readonly number[];
  positions?: Steer['positions'];
}

export interface SteeredText extends Generation {
  coefficient: number;
}

/** The texts as they are written. @throws as {@link Model.generate} does. */
export async function* steeredTexts(
  options: SteeredTextsOptions,
): AsyncGenerator<SteeredText, void> {
  const { model, text, directions: direction, layers, unit, coefficients, ...rest } = options;
  const { positions, ...how } = rest;
  for (const coefficient of coefficients) {
    how.signal?.throwIfAborted();
    const steer = { direction, layers, unit, positions, coefficient };
    yield { coefficient, ...(await model.generate(text, { ...how, steer })) };
  }
}

/** `[L]`, norms of the hidden states at one text's last token: a unit where no better is known. */
export async function boundaryNorms(
  model: Model,
  text: string,
  { chat }: PromptOptions = {},
): Promise<number[]> {
  const states = await model.read(text, { chat, positions: [-1] });
  return states.layers.map((layer) => norm(states.at(layer, -1)));
}
