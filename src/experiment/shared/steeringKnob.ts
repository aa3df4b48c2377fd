/**
 * One knob: a direction, the layers it is added at, and what coefficient 1 adds there. Every command
 * and the library turn the same one, so that the same number pushes the same everywhere.
 */
import type { LayerSteering } from '../../align/corrector.js';
import type { Directions } from '../../read/directions.js';
import type { Steer } from '../../read/model/steer.js';
import { defaultPositions, type PositionRule } from '../../runtime/steering.js';
import { figure } from '../../text/table.js';
import { layerCoefficients, steeringUnit, type SteeringUnit } from './steeringUnit.js';

export interface SteeringKnob extends SteeringUnit {
  directions: Directions;
  /** `[L]`, mean norm of the hidden states at the boundary token. */
  meanNorms: readonly number[];
  /** The whole norm added at coefficient 1, in mean norms. */
  scale: number;
  /** Steered positions. */
  positions: PositionRule;
}

/** @throws as {@link steeringUnit} does. */
export function makeKnob(
  given: Pick<SteeringKnob, 'directions' | 'meanNorms' | 'layers' | 'scale'> & {
    /** Default {@link defaultPositions}. */
    positions?: PositionRule;
  },
): SteeringKnob {
  const { positions = defaultPositions } = given;
  return { ...given, ...steeringUnit(given), positions };
}

/** For rows of a loop or of a corrector: what the batch shares, and a row's own `[L]`. */
export function rowSteering(
  knob: SteeringKnob,
  coefficient: number,
): { steering: LayerSteering; coefficient: Float32Array } {
  const { directions, positions } = knob;
  return {
    steering: { direction: directions.vectors, positions },
    coefficient: layerCoefficients(knob, coefficient, directions.layers),
  };
}

/** For a model that one plays with. */
export function steerBy(knob: SteeringKnob, coefficient: number): Steer {
  const { directions: direction, layers, meanNorms, scale, positions } = knob;
  return { direction, layers, unit: meanNorms.map((norm) => scale * norm), positions, coefficient };
}

/** What is added where, in words. */
export function describeKnob({
  layers,
  unitValue,
  scale,
  positions,
}: Pick<SteeringKnob, 'layers' | 'unitValue' | 'scale' | 'positions'>): string {
  const added = layers.map((layer, i) => `${figure(unitValue[i])} at layer ${layer}`).join(', ');
  return `coefficient 1 adds ${added} (${figure(scale)} mean residual norms in all, ${positionWords[positions]})`;
}

const positionWords: Record<PositionRule, string> = {
  prompt: 'at the prompt',
  generated: 'at generated tokens',
  all: 'at every position',
};
