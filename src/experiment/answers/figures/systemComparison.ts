/** Stream Aligner, Aligner and proxy-tuning by size of the small model. After Figure 7 of the paper. */
import type { CompareSummary } from '../compare/shape.js';
import { errorBars, levelTrace } from '../../../plot/axes.js';
import { defaultRoom, panelLayout, type Room } from '../../../plot/layout/panels.js';
import { countText, fixed, intervalText, plotText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import { beside } from '../../../plot/series.js';
import type { Axis } from '../../../plot/layout/axis.js';
import { shortened } from '../../../plot/layout/textSize.js';
import { kindStyles, sizesOf } from './systemStyles.js';

type Comparison = Pick<CompareSummary, 'systems' | 'differences'>;
type System = Comparison['systems'][number];

const sized = ['stream', 'aligner', 'proxy'] as const;
const unsized = ['upstream', 'sft', 'dpo'] as const;

/** Marks side by side per size; a line across for each system without a small model. */
export function systemComparisonFigure(
  options: Pick<Comparison, 'systems'> & { room?: Room },
): Figure {
  const { systems, room = defaultRoom } = options;
  const sizes = sizesOf({ systems });
  const ends = [-0.5, Math.max(1, sizes.length) - 0.5] as const;
  const data = [
    ...unsized.flatMap((kind) => levelTraces(systems.filter((s) => s.kind === kind), ends)), // prettier-ignore
    ...sized.flatMap((kind, i) => sizeTrace(systems.filter((s) => s.kind === kind), { sizes, index: i })), // prettier-ignore
  ];
  const panel = {
    x: sizeAxis(sizes, ends),
    y: { title: ['answers right (share)', 'right (share)'], own: { zeroline: false } },
  };
  const legend = data.map(({ name }) => String(name));
  const rows = [{ panels: [panel], height: 340, legend }];
  return { data, layout: { ...panelLayout({ rows }, room).layout, showlegend: true } };
}

/** Sizes are named by the correctors; where there is one, its name would be one of all that have it. */
function sizeAxis(sizes: readonly string[], range: readonly [number, number]): Axis {
  const own = { zeroline: false };
  if (sizes.length < 2) {
    return { title: 'small models of one size', range, unlabelled: true, own };
  }
  const names = { at: sizes.map((_, i) => i), text: sizes.map((size) => shortened(size, 120)) };
  return {
    title: ['size of the small model, by the corrector', 'size of the small model', 'size'],
    ...{ range, names, own },
  };
}

/** Caption of {@link systemComparisonFigure}: n, intervals, sizes, and the paired differences. */
export function systemComparisonCaption({ systems, differences }: Comparison): string {
  const n = countText(systems.map((system) => system.n));
  const bytes = systems.flatMap(({ kind, size, bytes: modelBytes }) =>
    kind === 'stream' && modelBytes !== null ? [`${size} ${fixed(modelBytes / 2 ** 20)} MB`] : [],
  );
  const alphas = systems.flatMap(({ size, alpha }) =>
    size !== null && alpha !== null ? [`${size} α = ${fixed(alpha)}`] : [],
  );
  const pairs = differences.flatMap(({ size, over, estimate, ci }) =>
    estimate === null ? [] : [`${size} − ${over} ${fixed(estimate)}${intervalText(ci)}`],
  );
  return (
    `Share of n = ${n} problems answered right; bars: 95 % intervals (Wilson); lines: the systems ` +
    `without a small model.${bytes.length === 0 ? '' : ` Correctors: ${bytes.join(', ')}.`} ` +
    `${alphas.length === 0 ? '' : `Proxy-tuning: ${alphas.join(', ')}. `}` +
    `Stream Aligner of a size minus another, paired: ${pairs.join('; ')}.`
  );
}

function levelTraces(
  systems: readonly System[],
  ends: readonly [number, number],
): Record<string, unknown>[] {
  return systems.flatMap(({ kind, name, accuracy, ci, n }) => {
    if (accuracy === null) return [];
    const { title, colour, dash } = kindStyles[kind];
    return {
      ...levelTrace({
        ...{ name: `${title} ${fixed(accuracy)}`, level: accuracy },
        ...{ ends, colour, dash, width: 2 },
      }),
      hoverinfo: 'all',
      hovertemplate: `%{y:.3f}${intervalText(ci)}, n = ${n}<extra>${plotText(name)}</extra>`,
    };
  });
}

function sizeTrace(
  systems: readonly System[],
  { sizes, index }: { sizes: readonly string[]; index: number },
): Record<string, unknown>[] {
  const [first] = systems;
  if (!first) return [];
  const { title, colour, symbol } = kindStyles[first.kind];
  const known = systems.filter(({ accuracy }) => accuracy !== null);
  return [
    {
      type: 'scatter',
      mode: 'markers',
      name: title,
      x: known.map(({ size }) => sizes.indexOf(size ?? '') + beside(index, sized.length, 0.16)),
      y: known.map(({ accuracy }) => accuracy),
      error_y: errorBars(known.map(({ accuracy, ci }) => ({ value: accuracy ?? 0, ci }))),
      marker: { color: colour, symbol, size: 11 },
      text: known.map(({ name, n }) => `${plotText(name)}, n = ${n}`),
      hovertemplate: '%{text}: %{y:.3f}<extra></extra>',
    },
  ];
}
