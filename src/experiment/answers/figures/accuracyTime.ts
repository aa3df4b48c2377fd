/** Accuracy against time per problem, one mark per system. After Figure 6 of the paper. */
import type { CompareSummary } from '../compare/shape.js';
import { sizeLabels } from '../../shared/sizes.js';
import { errorBars } from '../../../plot/axes.js';
import { shortened, widest } from '../../../plot/layout/textSize.js';
import { defaultRoom, panelLayout, type Room } from '../../../plot/layout/panels.js';
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
export function accuracyTimeFigure(options: Comparison & { room?: Room }): Figure {
  const { systems, bestOf, room = defaultRoom } = options;
  const kinds = [...new Set(systems.map(({ kind }) => kind))];
  const groups: [ShownKind, Mark[]][] = [
    ['best-of', bestOf.map((point) => ({ ...point, name: `best of ${point.samples}`, label: String(point.samples) }))], // prettier-ignore
    ...kinds.map((kind): [ShownKind, Mark[]] => [
      kind,
      labelled(systems.filter((system) => system.kind === kind)),
    ]),
  ];
  const beside = groups.flatMap(([, marks]) => marks.map(({ label }) => label)).filter((label) => !isInside(label)); // prettier-ignore
  const shown = groups.filter(([, marks]) => marks.some(isKnown));
  const times = shown.flatMap(([, marks]) =>
    marks.flatMap(
      ({
        timing: {
          perProblem: { value, ci },
        },
      }) => (value === null ? [] : [value, ...(ci ?? [])]),
    ),
  );
  const panel = {
    x: { title: ['time per problem (ms)', 'time (ms)'], times },
    y: { title: ['answers right (share)', 'right (share)'], own: { zeroline: false } },
  };
  const legend = shown.map(([kind]) => kindStyles[kind].title);
  const right = widest(beside, labelSize) + 4;
  const rows = [{ panels: [panel], height: 360, legend }];
  return {
    data: shown.flatMap(([kind, marks]) => kindTrace(kind, marks)),
    layout: panelLayout({ rows, right }, room).layout,
  };
}

const labelSize = 11;
const longestLabel = 70;

/** Of several of a kind, what tells their names apart; one is named by the legend. */
function labelled(systems: readonly System[]): Mark[] {
  if (systems.length < 2) return systems.map((system) => ({ ...system, label: '' }));
  const labels = sizeLabels(systems.map(({ name }) => name));
  return systems.map((system, i) => ({
    ...system,
    label: shortened(labels[i] ?? '', longestLabel, labelSize),
  }));
}

/** Two characters have room inside a mark, where no bar crosses them. */
function isInside(label: string): boolean {
  return label.length <= 2;
}

function isKnown({ timing, accuracy }: Mark): boolean {
  return timing.perProblem.value !== null && accuracy !== null;
}

/** Caption of {@link accuracyTimeFigure}: n of answers and of timings, intervals, the bound of best-of-n. */
export function accuracyTimeCaption({ systems, bestOf }: Comparison): string {
  const answers = countText([...systems, ...bestOf].map(({ n }) => n));
  const timed = countText([...systems, ...bestOf].map(({ timing }) => timing.n));
  const most = bestOf.at(-1);
  const bound =
    most && most.anyRight !== null
      ? ` Best of n: the answer that most of n samples of the upstream share; of ${most.samples} samples any is right for ${fixed(most.anyRight)}${intervalText(most.anyRightCi)} of the ${most.n} problems, which no choice without labels can exceed.`
      : '';
  return (
    `Share of n = ${answers} problems answered right against the mean wall time per problem, ` +
    `${timed} problems timed one at a time; bars: 95 % intervals (Wilson; bootstrap over problems). ` +
    `Labels: what tells models of a kind apart (size), or n.${bound}`
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
      marker: {
        ...{ color: colour, symbol },
        size: known.map(({ label }) => (label !== '' && isInside(label) ? 17 : 10)),
      },
      text: known.map(({ label }) => plotText(label)),
      textposition: known.map(({ label }) => (isInside(label) ? 'middle center' : 'top right')),
      textfont: { size: labelSize, ...(symbol.endsWith('-open') ? {} : { color: '#ffffff' }) },
      cliponaxis: false,
      customdata: known.map(
        ({ name, n, timing }) => `${plotText(name)}, n = ${n}, ${timing.n} timed`,
      ),
      hovertemplate: '%{customdata}: %{y:.3f} in %{x:.3s} ms<extra></extra>',
    },
  ];
}
