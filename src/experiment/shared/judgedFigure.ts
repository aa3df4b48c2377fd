/** Win rates against the upstream alone, and beside them how long the answers are. After Figures 3 and 4 of the paper. */
import { errorBars, levelTrace } from '../../plot/axes.js';
import {
  colours,
  countText,
  fixed,
  intervalText,
  plotText,
  type Figure,
} from '../../plot/figure.js';
import type { Axis } from '../../plot/layout/axis.js';
import { legendName } from '../../plot/layout/legend.js';
import { defaultRoom, narrowBelow, panelLayout, type Room } from '../../plot/layout/panels.js';
import type { FigureSection } from '../../plot/page/page.js';
import { beside, seriesStyle } from '../../plot/series.js';
import { percentWithin, Table } from '../../text/table.js';
import type { JudgedSummary } from './judging.js';

/** A point: whose, and where on the axis. */
interface Point {
  series: string;
  place: string;
  summary: JudgedSummary;
}

/** A section for each judge. @param by what stands along the axis */
export function judgedSections(
  judged: readonly JudgedSummary[] | undefined,
  by: 'rounds' | 'systems',
): FigureSection[] {
  return [...new Set(judged?.map(({ judge }) => judge))].map((judge, i): FigureSection => {
    const own = judged?.filter((summary) => summary.judge === judge) ?? [];
    return {
      name: `judged-${i}`,
      heading: `Answers against the upstream’s own, by ${judge}`,
      caption: judgedCaption(own),
      draw: (room) => judgedFigure({ judged: own, by, room }),
    };
  });
}

/** Win + ½ tie with intervals, ½ as a line; mean length beside it. */
export function judgedFigure(options: {
  judged: readonly JudgedSummary[];
  by: 'rounds' | 'systems';
  room?: Room;
}): Figure {
  const { judged, by, room = defaultRoom } = options;
  const points = judged.map((summary): Point => {
    const { system, rounds } = summary;
    if (by === 'systems') return { series: 'win + ½ tie', place: system, summary };
    return { series: system, place: rounds === null ? 'end' : String(rounds), summary };
  });
  const places = [...new Set(points.map(({ place }) => place))].sort(inOrder);
  const series = [...new Set(points.map(({ series }) => series))];
  const x: Axis = {
    title: by === 'rounds' ? ['correction rounds', 'rounds'] : 'system',
    range: [-0.5, places.length - 0.5],
    names: { at: places.map((_, i) => i), text: places },
    own: { zeroline: false },
  };
  const rate = {
    x,
    y: { title: ['win + ½ tie (share)', 'win + ½ tie'], own: { zeroline: false } },
  };
  const length = {
    x,
    y: { title: ['mean length (characters)', 'length'], own: { zeroline: false } },
  };
  const panels = room.width < narrowBelow ? [[rate], [length]] : [[rate, length]];
  const names = series.map(legendName);
  const rows = panels.map((row, i) => {
    return { panels: row, height: 300, ...(i === 0 && { legend: [...names, equalName] }) };
  });
  const { layout, panels: placed } = panelLayout({ rows }, room);
  const [left, right] = placed;
  const curves = series.flatMap((name, index) => {
    const own = points.filter((point) => point.series === name);
    const style = { name, index, count: series.length, places };
    const rates = own.map(({ summary }) => summary.winHalfTie);
    return [
      curve(own, { ...style, axes: left, values: rates.map((r) => ({ mean: r.rate, ci: r.ci })) }),
      curve(own, { ...style, axes: right, values: own.map(({ summary }) => summary.characters), beside: true }), // prettier-ignore
    ];
  });
  const equal = {
    ...levelTrace({
      ...{ name: equalName, level: 0.5, ends: [-0.5, places.length - 0.5] },
      ...{ dash: 'dot', colour: colours.baseline },
    }),
    ...{ xaxis: left?.x, yaxis: left?.y },
  };
  return { data: [...curves, equal], layout: { ...layout, showlegend: true } };
}

const equalName = 'as good as the upstream';

/** Numbers, then the end; other names stay in their order. */
function inOrder(a: string, b: string): number {
  const number = (place: string): number => (place === 'end' ? Infinity : Number(place));
  const [x, y] = [number(a), number(b)];
  return Number.isNaN(x) || Number.isNaN(y) || x === y ? 0 : x - y;
}

function curve(
  points: readonly Point[],
  how: {
    name: string;
    index: number;
    count: number;
    places: readonly string[];
    axes: { x: string; y: string } | undefined;
    values: readonly { mean: number | null; ci: [number, number] | null }[];
    /** Drawn beside a curve that has its name in the legend. */
    beside?: boolean;
  },
): Record<string, unknown> {
  const { name, index, count, places, axes, values } = how;
  const { colour, symbol, dash } = seriesStyle(index);
  return {
    type: 'scatter',
    mode: 'lines+markers',
    name: plotText(legendName(name)),
    x: points.map(({ place }) => places.indexOf(place) + beside(index, count, 0.08)),
    y: values.map(({ mean }) => mean),
    ...{ xaxis: axes?.x, yaxis: axes?.y },
    error_y: errorBars(values.map(({ mean, ci }) => ({ value: mean ?? 0, ci }))),
    line: { color: colour, dash, width: 2 },
    marker: { color: colour, symbol, size: 8 },
    showlegend: how.beside !== true,
    text: points.map(({ summary: { n, wins, ties, losses } }) => {
      return `n = ${n}: ${wins} won, ${ties} even, ${losses} lost`;
    }),
    hovertemplate: `%{y:.3f}, %{text}<extra>${plotText(name)}</extra>`,
  };
}

function judgedCaption(judged: readonly JudgedSummary[]): string {
  const ends = judged.filter(({ rounds }) => rounds === null);
  const said = ends.map((one) => {
    const { rate, ci } = one.winHalfTie;
    const controlled = one.lengthControlled?.rate ?? null;
    const equal = controlled === null ? '' : `, at equal length ${fixed(controlled)}`;
    return `${one.system} ${rate === null ? 'nothing' : fixed(rate) + intervalText(ci)}${equal}`;
  });
  const orders = judged.reduce((sum, { orderConsistency: { n } }) => sum + n, 0);
  const agreed = judged.reduce(
    (sum, { orderConsistency: { rate, n } }) => sum + (rate ?? 0) * n,
    0,
  );
  return (
    'Share of answers that the judge prefers to the upstream’s own, a tie counted as half ' +
    '(a win only where it says the same in both orders), and how long the answers are; ' +
    `n = ${countText(judged.map(({ n }) => n))} problems; bars: 95 % bootstrap intervals. ` +
    `To the end: ${said.join('; ')}. ` +
    (orders === 0 ? '' : `Both orders agree in ${fixed(agreed / orders)} of ${orders} pairs.`)
  );
}

/** One row per judge, system and rounds; nothing without judges. */
export function judgedLines(judged: readonly JudgedSummary[] = []): (string | Table)[] {
  if (judged.length === 0) return [];
  const rows = judged.map((one) => [
    one.judge,
    one.system,
    one.rounds === null ? 'to the end' : String(one.rounds),
    String(one.n),
    `${one.wins}/${one.ties}/${one.losses}`,
    percentWithin(one.winHalfTie.rate, one.winHalfTie.ci),
    percentWithin(one.lengthControlled?.rate, one.lengthControlled?.ci),
    percentWithin(one.orderConsistency.rate, one.orderConsistency.ci),
  ]);
  const head = [
    ...['judge', 'answers of', 'rounds', 'n', 'won/even/lost', 'win + ½ tie'],
    ...['at equal length', 'orders agree'],
  ];
  return [
    'Answers against the upstream’s own (won: both orders say so, else even)',
    ...['', new Table(head, rows), ''],
  ];
}
