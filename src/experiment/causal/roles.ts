/**
 * Which layers decide and which carry out: a rule, applied to validation pairs and then, unchanged,
 * to test pairs. It stands here, in code, so that no run can bend it.
 *
 * Between two runs the hidden state of the boundary token is exchanged at layer l. Where a
 * correction's state makes a copying run begin as the donor does, it may have brought no decision but
 * a word that nothing in that run contradicts: a copy's state does the same to another copy, as soon
 * as it knows how its y1 begins. So the exchange must work both ways. Where a copy's state is put
 * into a correcting run and that run still corrects, the blocks after l decide, and not what stands
 * at l. A layer *holds* as much as the weaker of both ways moves. Nothing comes after the last layer,
 * so it always holds 1.
 */
import type { Interval } from '../../math/interval.js';
import type { LayerPart, LayerRole } from './shape.js';

/** Least gain of a deciding layer, as a share of the way from recipient to donor. */
export const leastGain = 0.2;

/** Hold from which the decision counts as made. */
export const standing = 0.5;

/** The rule in words, for records and figures. */
export const roleRule =
  'a layer holds the smaller of two effects of patching the boundary token there, a correction’s state in copying runs and a copy’s in correcting ones; ' +
  `it decides where it holds at least ${leastGain} more than the tested layer before (0 before the first); ` +
  `any other carries out where the layer before holds at least ${standing}, and prepares where it holds less`;

/** The weaker way of the exchange, layer by layer. */
export function holds(options: {
  correctIntoCopy: readonly number[];
  copyIntoCorrect: readonly number[];
}): number[] {
  const { correctIntoCopy, copyIntoCorrect } = options;
  return correctIntoCopy.map((effect, i) => Math.min(effect, copyIntoCorrect[i] ?? NaN));
}

/** Each layer's gain over the one before it. */
export function gains(held: readonly number[]): number[] {
  return held.map((value, i) => value - (held[i - 1] ?? 0));
}

/** {@link roleRule}, on what consecutive layers hold. */
function rolesOf(held: readonly number[]): LayerRole[] {
  return gains(held).map((gain, i) => {
    if (gain >= leastGain) return 'decides';
    return (held[i - 1] ?? 0) >= standing ? 'carriesOut' : 'prepares';
  });
}

/** Roles by what layers hold on validation pairs, confirmed or not on test pairs. */
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
      ...{ validationGain: before[i] ?? NaN, gain: after[i] ?? NaN, gainCi: ci },
    };
  });
}
