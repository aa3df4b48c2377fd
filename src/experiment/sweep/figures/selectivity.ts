/**
 * What the knob does to good and to bad sentences: at every coefficient the share of bad ones that
 * are rewritten against that of good ones, a receiver operating characteristic. On the diagonal a
 * corrector does not tell them apart.
 */
import { errorBars } from '../../../plot/axes.js';
import { colours, countText, fixed, intervalText, type Figure } from '../../../plot/figure.js';
import { widest } from '../../../plot/layout/textSize.js';
import { defaultRoom, panelLayout, type Room } from '../../../plot/layout/panels.js';
import type { SweepPoint, SweepSummary } from '../shape.js';

/** A point of a sweep over sentences that are recorded as good and as bad. */
type Judged = SweepPoint & Required<Pick<SweepPoint, 'goodCopied' | 'badChanged'>>;

const labelSize = 11;
/** Of the marks of two labels, along either axis. */
const leastApart = 0.05;

/** None in loop mode, where nobody has judged y1. */
export function judgedPoints({ points }: Pick<SweepSummary, 'points'>): Judged[] {
  return points.filter((point): point is Judged => point.goodCopied !== undefined);
}

export function selectivityFigure(options: Pick<SweepSummary, 'points'> & { room?: Room }): Figure {
  const { room = defaultRoom } = options;
  const marks = judgedPoints(options).map(({ coefficient, goodCopied, badChanged }) => ({
    coefficient,
    good: oneLess(goodCopied),
    bad: { value: badChanged.mean ?? NaN, ci: badChanged.ci },
  }));
  const name = 'tested direction';
  const blind = 'good and bad alike';
  const { layout } = panelLayout(
    {
      rows: [
        {
          panels: [
            {
              x: { title: ['good sentences rewritten (share)', 'good rewritten'], range: [-0.02, 1.02] },
              y: { title: ['bad sentences rewritten (share)', 'bad rewritten'], range: [-0.02, 1.02] },
            },
          ],
          ...{ height: 360, legend: [name, blind] },
        },
      ],
      right: widest(labelsOf(marks), labelSize) + 4,
    },
    room,
  ); // prettier-ignore
  const data = [
    {
      ...{ type: 'scatter', mode: 'lines+markers+text', name },
      x: marks.map(({ good }) => good.value),
      y: marks.map(({ bad }) => bad.value),
      error_x: errorBars(marks.map(({ good }) => good)),
      error_y: errorBars(marks.map(({ bad }) => bad)),
      line: { color: colours.tested, width: 1 },
      marker: { color: colours.tested, size: 8 },
      text: labelsOf(marks),
      customdata: marks.map(({ coefficient }) => coefficient),
      ...{ textposition: 'bottom right', textfont: { size: labelSize }, cliponaxis: false },
      hovertemplate: 'coefficient %{customdata}: %{y:.3f} of bad, %{x:.3f} of good<extra></extra>',
    },
    {
      ...{ type: 'scatter', mode: 'lines', name: blind, x: [0, 1], y: [0, 1] },
      line: { color: colours.baseline, dash: 'dot', width: 1.5 },
      hoverinfo: 'skip',
    },
  ];
  return { data, layout };
}

interface Mark {
  coefficient: number;
  good: { value: number };
  bad: { value: number };
}

/** The coefficient beside its mark, where no label stands so near that the two would overlap. */
function labelsOf(marks: readonly Mark[]): string[] {
  const labelled: Mark[] = [];
  return marks.map((mark) => {
    const apart = (other: Mark): number =>
      Math.max(
        Math.abs(mark.good.value - other.good.value),
        Math.abs(mark.bad.value - other.bad.value),
      );
    if (labelled.some((other) => apart(other) < leastApart)) return '';
    labelled.push(mark);
    return String(mark.coefficient).replace('-', '−');
  });
}

function oneLess({ mean, ci }: Judged['goodCopied']): { value: number; ci: Judged['ci'] } {
  return { value: 1 - (mean ?? NaN), ci: ci && [1 - ci[1], 1 - ci[0]] };
}

/** Caption of {@link selectivityFigure}: n, intervals, and the numbers of every coefficient. */
export function selectivityCaption(summary: Pick<SweepSummary, 'points'>): string {
  const points = judgedPoints(summary);
  const good = countText(points.map(({ goodCopied }) => goodCopied.n));
  const bad = countText(points.map(({ badChanged }) => badChanged.n));
  const each = points.map(({ coefficient, goodCopied, badChanged }) => {
    const kept = `${fixed(goodCopied.mean ?? NaN)}${intervalText(goodCopied.ci)}`;
    const changed = `${fixed(badChanged.mean ?? NaN)}${intervalText(badChanged.ci)}`;
    return `${coefficient}: ${kept} and ${changed}`;
  });
  return (
    `Recorded sentences with a judge’s word on them: good ones of n = ${good} problems, bad ones of ${bad}; labels: coefficients; bars: 95 % bootstrap intervals over problems. ` +
    `Good copied and bad rewritten: ${each.join('; ')}.`
  );
}
