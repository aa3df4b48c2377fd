import { fitLogistic } from '../../math/logistic.js';
import { isPositive } from '../stimuli.js';
import { stack, type Contrast } from './contrast.js';

/** Weights of a ridge-regularised logistic regression of the label on the state, pairs aside. */
export function probe({ states, labels }: Contrast): Float32Array {
  return fitLogistic({ ...stack(states), labels: labels.map(isPositive), ridge: 0.1 }).weights;
}
