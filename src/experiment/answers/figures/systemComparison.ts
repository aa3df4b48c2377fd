/** Stream Aligner, Aligner and proxy-tuning by size of the small model. After Figure 7 of the paper. */
import type { CompareSummary } from '../compare/shape.js';
import { errorBars, legendAbove } from '../../../plot/axes.js';
import { countText, fixed, intervalText, plotText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import { beside } from '../../../plot/series.js';
import { kindStyles, sizesOf } from './systemStyles.js';

type Comparison = Pick<CompareSummary, 'systems' | 'differences'>;
type System = Comparison['systems'][number];

const sized = ['stream', 'aligner', 'proxy'] as const;
const unsized = ['upstream', 'sft', 'dpo'] as const;

/** Marks side by side per size; a line across for each system without a small model. */
export function systemComparisonFigure({ systems }: Pick<Comparison, 'systems'>): Figure {
  const sizes = sizesOf({ systems });
  const ends = [-0.5, Math.max(1, sizes.length) - 0.5];
  return {
    data: [
      ...unsized.flatMap((kind) => levelTraces(systems.filter((s) => s.kind === kind), ends)), // prettier-ignore
      ...sized.flatMap((kind, i) => sizeTrace(systems.filter((s) => s.kind === kind), { sizes, index: i })), // prettier-ignore
    ],
    layout: {
      height: 460,
      margin: { t: 60, r: 20, b: 60, l: 70 },
      xaxis: {
        title: { text: 'size of the small model' },
        ...{ tickmode: 'array', tickvals: sizes.map((_, i) => i), ticktext: sizes.map(plotText) },
        ...{ range: ends, zeroline: false },
      },
      yaxis: { title: { text: 'answers right (share)' }, zeroline: false },
      legend: legendAbove,
    },
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
  ends: readonly number[],
): Record<string, unknown>[] {
  return systems.flatMap(({ kind, name, accuracy, ci, n }) => {
    if (accuracy === null) return [];
    const { title, colour, dash } = kindStyles[kind];
    return {
      ...{ type: 'scatter', mode: 'lines', name: `${title} ${fixed(accuracy)}` },
      ...{ x: ends, y: ends.map(() => accuracy), line: { color: colour, dash, width: 2 } },
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
