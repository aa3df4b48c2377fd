/**
 * Which layers decide and which carry out: a rule, applied to validation pairs and then, unchanged,
 * to test pairs. It stands here, in code, so that no run can bend it.
 *
 * The hidden state of the boundary token is all that later blocks know of what the boundary token
 * has gathered so far. Where a correction's state at layer l, put into a copy's run, moves its first
 * token towards the donor's, the decision stands in it at l; where it moves it much farther than the
 * state a layer before did, it was made, or brought there, by that block.
 */
import type { Interval } from '../math/interval.js';
import type { LayerPart, LayerRole } from './causalTypes.js';

/** Least gain of a deciding layer, as a share of the way from recipient to donor. */
export const leastGain = 0.2;

/** Effect from which the decision counts as made. */
export const standing = 0.5;

/** The rule in words, for records and figures. */
export const roleRule =
  `on the effect of patching the boundary token, correction into copy: a layer decides where the effect is at least ${leastGain} above that of the layer before (0 before the first); ` +
  `any other carries out where the effect before it is at least ${standing}, and prepares where it is less`;

/** Effects at consecutive layers → each one's gain over the one before it. */
export function gains(effects: readonly number[]): number[] {
  return effects.map((effect, i) => effect - (effects[i - 1] ?? 0));
}

/** {@link roleRule}, on mean effects in the order of the layers. */
export function rolesOf(effects: readonly number[]): LayerRole[] {
  return gains(effects).map((gain, i) => {
    if (gain >= leastGain) return 'decides';
    return (effects[i - 1] ?? 0) >= standing ? 'carriesOut' : 'prepares';
  });
}

/** Roles on validation effects, confirmed or not by those on test data. */
export function layerParts(options: {
  layers: readonly number[];
  validation: readonly number[];
  test: readonly number[];
  /** Of the test gains. */
  gainCi: readonly (Interval | null)[];
}): LayerPart[] {
  const { layers, validation, test, gainCi } = options;
  const [roles, testRoles] = [rolesOf(validation), rolesOf(test)];
  const [before, after] = [gains(validation), gains(test)];
  return layers.map((layer, i) => {
    const role = roles[i] ?? 'prepares';
    const testRole = testRoles[i] ?? 'prepares';
    const ci = gainCi[i] ?? null;
    const apart = role !== 'decides' || (ci !== null && ci[0] > 0);
    return {
      ...{ layer, role, testRole, confirmed: role === testRole && apart },
      ...{ validationGain: before[i] ?? NaN, gain: after[i] ?? null, gainCi: ci },
    };
  });
}
