/** Accuracy against time per problem, one mark per system. After Figure 6 of the paper. */
import type { CompareSummary } from '../compare/shape.js';
import { errorBars, legendAbove, timeAxis } from '../../../plot/axes.js';
import { countText, fixed, intervalText, plotText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import { kindStyles, type ShownKind } from './systemStyles.js';

type Comparison = Pick<CompareSummary, 'systems' | 'bestOf'>;
type System = Comparison['systems'][number];

/** What is drawn of a system. */
interface Mark extends Pick<System, 'n' | 'accuracy' | 'ci' | 'timing'> {
  name: string;
  /** Beside the mark. */
  label: string;
}

/** Both intervals at every mark; the sizes of one kind, and best-of-n, are joined by a line. */
export function accuracyTimeFigure({ systems, bestOf }: Comparison): Figure {
  const kinds = [...new Set(systems.map(({ kind }) => kind))];
  const groups: [ShownKind, Mark[]][] = [
    ['best-of', bestOf.map((point) => ({ ...point, name: `best of ${point.samples}`, label: String(point.samples) }))], // prettier-ignore
    ...kinds.map((kind): [ShownKind, Mark[]] => [
      kind,
      systems
        .filter((system) => system.kind === kind)
        .map((system) => ({ ...system, label: system.size ?? '' })),
    ]),
  ];
  return {
    data: groups.flatMap(([kind, marks]) => kindTrace(kind, marks)),
    layout: {
      height: 480,
      margin: { t: 60, r: 30, b: 60, l: 70 },
      xaxis: { title: { text: 'time per problem (ms)' }, ...timeAxis },
      yaxis: { title: { text: 'answers right (share)' }, zeroline: false },
      legend: legendAbove,
    },
  };
}

/** Caption of {@link accuracyTimeFigure}: n of answers and of timings, intervals, the bound of best-of-n. */
export function accuracyTimeCaption({ systems, bestOf }: Comparison): string {
  const answers = countText(systems.map(({ n }) => n));
  const timed = countText(systems.map(({ timing }) => timing.n));
  const most = bestOf.at(-1);
  const bound =
    most && most.anyRight !== null
      ? ` Best of n: the answer that most of n samples of the upstream share; of ${most.samples} samples any is right for ${fixed(most.anyRight)}${intervalText(most.anyRightCi)} of the problems, which no choice without labels can exceed.`
      : '';
  return (
    `Share of n = ${answers} problems answered right against the mean wall time per problem, ` +
    `${timed} problems timed one at a time; bars: 95 % intervals (Wilson; bootstrap over problems). ` +
    `Labels: size of the small model, or n.${bound}`
  );
}

function kindTrace(kind: ShownKind, marks: readonly Mark[]): Record<string, unknown>[] {
  const { title, colour, symbol, dash } = kindStyles[kind];
  const known = marks.flatMap((mark) => {
    const { value, ci } = mark.timing.perProblem;
    return value === null || mark.accuracy === null
      ? []
      : [{ ...mark, time: { value, ci }, share: { value: mark.accuracy, ci: mark.ci } }];
  });
  if (known.length === 0) return [];
  return [
    {
      type: 'scatter',
      mode: 'lines+markers+text',
      name: title,
      x: known.map(({ time }) => time.value),
      y: known.map(({ share }) => share.value),
      error_x: errorBars(known.map(({ time }) => time)),
      error_y: errorBars(known.map(({ share }) => share)),
      line: { color: colour, dash, width: 1 },
      marker: { color: colour, symbol, size: 10 },
      text: known.map(({ label }) => plotText(label)),
      textposition: 'top right',
      customdata: known.map(
        ({ name, n, timing }) => `${plotText(name)}, n = ${n}, ${timing.n} timed`,
      ),
      hovertemplate: '%{customdata}: %{y:.3f} in %{x:.3s} ms<extra></extra>',
    },
  ];
}
