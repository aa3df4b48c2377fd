/**
 * One recorded sentence under every edit of one layer at a time: the direction added at each
 * coefficient, and the direction removed. All of it is one batch with the unsteered row, so that
 * rows have equal lengths and effects are differences within a batch.
 */
import type { CorrectionInput, Corrector, Correction } from '../align/corrector.js';
import { editMetrics } from '../text/edits.js';
import type { PositionRule } from '../runtime/steering.js';
import type { CausalProblem, EditOutcome, EditRecord } from './causalTypes.js';
import { layerCoefficients, steeringUnit } from './steeringUnit.js';
import { isDegenerate } from './sweepMeasure.js';

export interface EditOptions {
  corrector: Corrector;
  /** `[L, D]` */
  direction: Float32Array;
  /** `[L]`, mean norm of the hidden states at the boundary token. */
  meanNorms: readonly number[];
  /** Edited one at a time. */
  layers: readonly number[];
  /** In mean residual norms of the layer, without 0. */
  coefficients: readonly number[];
  positions: PositionRule;
  signal?: AbortSignal;
}

/** @throws where the corrector leaves a row out, and as it does itself. */
export async function measureEdits(
  problem: CausalProblem,
  options: EditOptions,
): Promise<Omit<EditRecord, 'kind' | 'split'>> {
  const { layers, coefficients, direction, positions, signal } = options;
  const { id, question, prefix, last } = problem;
  const rows: CorrectionInput[] = editRows(options).map((edit) => ({
    ...{ question, prefix, last },
    ...edit,
  }));
  const corrections = await options.corrector.correct(rows, {
    steering: { direction, positions },
    ...(signal && { signal }),
  });
  const outcomes = rows.map((_, row) => toOutcome(last, corrections[row]));
  const [unsteered] = outcomes;
  if (!unsteered) throw new Error(`causal: no outcome of problem ${id}`);
  const steered = layers.map((_, i) =>
    outcomes.slice(1 + i * coefficients.length, 1 + (i + 1) * coefficients.length),
  );
  return { problem: id, unsteered, steered, ablated: outcomes.slice(-layers.length) };
}

/** Nothing, then layers × coefficients, then the ablations. */
function editRows(options: EditOptions): Pick<CorrectionInput, 'coefficient' | 'ablation'>[] {
  const { layers, coefficients, meanNorms } = options;
  const steered = layers.flatMap((layer) => {
    const unit = steeringUnit({ layers: [layer], meanNorms, scale: 1 });
    return coefficients.map((c) => ({
      coefficient: layerCoefficients(unit, c, meanNorms.length),
    }));
  });
  const ablated = layers.map((layer) => {
    const ablation = new Float32Array(meanNorms.length);
    ablation[layer] = 1;
    return { ablation };
  });
  return [{}, ...steered, ...ablated];
}

function toOutcome(last: string, correction: Correction | undefined): EditOutcome {
  if (!correction) throw new Error('causal: the corrector left a row out (expected one per input)');
  const { text, finish } = correction;
  return {
    editRatio: editMetrics(last, text).editRatio,
    copied: text === last,
    degenerate: isDegenerate({ last, correction: text, finish }),
  };
}
