/**
 * One recorded sentence under every edit of one layer at a time: the direction added at each
 * coefficient, and the direction removed. All of it is one batch with the unsteered row, so that
 * rows have equal lengths and effects are differences within a batch.
 */
import type { CorrectionInput, Corrector, Correction } from '../../align/corrector.js';
import { defaultEditMetric, type OwnEditMetric } from '../../text/editMetricTable.js';
import { editedTexts, isCopy } from '../../text/copied.js';
import { editRatio } from '../../text/edits.js';
import type { PositionRule } from '../../runtime/steering.js';
import type { ControlRecord, EditOutcome, EditRecord } from './shape.js';
import type { CausalProblem } from './problems.js';
import { layerCoefficients, steeringUnit } from '../shared/steeringUnit.js';
import { correctionTextOf } from '../shared/revisions.js';
import { isDegenerate } from '../sweep/measure.js';

export interface EditOptions {
  corrector: Corrector;
  /** `[L]`, mean norm of the hidden states at the boundary token. */
  meanNorms: readonly number[];
  /** Edited one at a time. */
  layers: readonly number[];
  /** The norm that coefficient 1 adds, in mean norms of the layer. */
  scale: number;
  /** Without 0. */
  coefficients: readonly number[];
  positions: PositionRule;
  metric: OwnEditMetric;
  /** See {@link isDegenerate}. */
  repeat?: number;
  signal?: AbortSignal;
}

type Edit = Pick<CorrectionInput, 'coefficient' | 'ablation'>;

/**
 * Nothing, the direction `[L, D]` added, and the direction removed.
 * @throws where the corrector leaves a row out, and as it does itself.
 */
export async function measureEdits(
  problem: CausalProblem,
  options: EditOptions & { direction: Float32Array },
): Promise<Omit<EditRecord, 'kind' | 'split'>> {
  const { layers } = options;
  const edits = [{}, ...steeringEdits(options), ...ablations(options)];
  const outcomes = await runEdits(problem, edits, options);
  const [unsteered] = outcomes;
  if (!unsteered) throw new Error(`causal: no outcome of problem ${problem.id}`);
  return {
    problem: problem.id,
    unsteered,
    steered: byLayer(outcomes.slice(1, -layers.length), options),
    ablated: outcomes.slice(-layers.length),
  };
}

/** The same steering along directions that should do nothing, each `[L, D]`, one batch each. */
export async function measureControls(
  problem: CausalProblem,
  options: EditOptions & { directions: readonly Float32Array[] },
): Promise<Omit<ControlRecord, 'kind' | 'split'>> {
  const edits = steeringEdits(options);
  const outcomes = await Promise.all(
    options.directions.map(async (direction) =>
      byLayer(await runEdits(problem, edits, { ...options, direction }), options),
    ),
  );
  return { problem: problem.id, outcomes };
}

/** Layers × coefficients. */
function steeringEdits({ layers, scale, coefficients, meanNorms }: EditOptions): Edit[] {
  return layers.flatMap((layer) => {
    const unit = steeringUnit({ layers: [layer], meanNorms, scale });
    return coefficients.map((c) => ({
      coefficient: layerCoefficients(unit, c, meanNorms.length),
    }));
  });
}

function ablations({ layers, meanNorms }: EditOptions): Edit[] {
  return layers.map((layer) => {
    const ablation = new Float32Array(meanNorms.length);
    ablation[layer] = 1;
    return { ablation };
  });
}

/** `[layer][coefficient]` */
function byLayer(
  outcomes: readonly EditOutcome[],
  { layers, coefficients: { length } }: EditOptions,
): EditOutcome[][] {
  return layers.map((_, i) => outcomes.slice(i * length, (i + 1) * length));
}

/** One outcome per edit of the sentence, in one batch. */
async function runEdits(
  { question, prefix, last }: CausalProblem,
  edits: readonly Edit[],
  options: EditOptions & { direction: Float32Array },
): Promise<EditOutcome[]> {
  const { direction, positions, signal } = options;
  const rows = edits.map((edit): CorrectionInput => ({ question, prefix, last, ...edit }));
  const corrections = await options.corrector.correct(rows, {
    steering: { direction, positions },
    signal,
  });
  return rows.map((_, row) => toOutcome(last, corrections[row], options));
}

function toOutcome(
  last: string,
  correction: Correction | undefined,
  { metric, repeat }: Pick<EditOptions, 'metric' | 'repeat'>,
): EditOutcome {
  if (!correction) throw new Error('causal: the corrector left a row out (expected one per input)');
  const { text, finish, written } = correction;
  const revision = { last, correction: text, written, finish };
  const texts = editedTexts(revision);
  return {
    editRatio: editRatio(...texts),
    ...(metric.name !== defaultEditMetric && { metric: metric.of(...texts) }),
    copied: isCopy(revision),
    degenerate: isDegenerate(revision, repeat),
    ...correctionTextOf(revision),
  };
}
