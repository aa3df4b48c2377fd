/** `scan.html`. */
import { markup, type Markup } from '../../text/markup.js';
import { warned, type FigureSection, type HtmlSection, type Page } from '../../plot/page/page.js';
import { defineSummary } from '../shared/experiment.js';
import { accuracySections } from './accuracySections.js';
import { activityCaption, activityFigure } from './figures/activity.js';
import { latScanCaption, latScanFigure } from './figures/latScan.js';
import { ofShown } from './figures/shownLayers.js';
import { tokenReadingCaption, tokenReadingHtml } from './figures/tokens.js';
import { scanSummary, type LayerAccuracy, type ScanSummary } from './shape.js';

/** Heat maps, the same readings over the text, activity and accuracy per layer. */
export function scanPage(summary: ScanSummary): Page {
  const { model, device, layers, direction, health, warnings } = summary;
  return {
    title: `LAT scan of ${model}`,
    introduction: `${layers} layers, direction by ${direction.method}, on ${device}.${warned([...(warnings ?? []), ...(health?.warnings ?? [])])}`,
    sections: [
      {
        name: 'lat-scan',
        heading: 'LAT scan',
        caption: latScanCaption(summary) + chosenBy(summary),
        draw: (room) => latScanFigure({ ...summary, room }),
      },
      ...tokenSections(summary),
      ...activitySections(summary),
      ...accuracySections({ ...summary, methods: health?.methods }),
    ],
  };
}

function chosenBy({ caseRule }: ScanSummary): string {
  return caseRule === undefined ? '' : ` Cases: ${caseRule}.`;
}

/** Of each case, the layer that tells best: where a reader would look first. */
function tokenSections(summary: ScanSummary): HtmlSection[] {
  const layer = summary.health?.bestLayer ?? bestLayer(ofShown(summary.perLayer, summary));
  return summary.cases.map((scanCase) => {
    const { standardize, labels } = summary;
    const reading = { scanCase, layer, standardize, labels };
    return {
      heading: `Readings over the text, layer ${layer}`,
      caption: tokenReadingCaption(reading),
      html: markup`${inputHtml(scanCase)}${tokenReadingHtml(reading)}`,
    };
  });
}

/** What the model read and wrote; nothing in summaries of before. */
function inputHtml({ input, output }: ScanSummary['cases'][number]): Markup {
  if (!input) return markup``;
  const rows: [string, string | undefined][] =
    'text' in input
      ? [['input', input.text]]
      : [
          ['question', input.question],
          ['answer so far', input.prefix],
          ['y1, the upstream’s', input.last],
          ['y2, the corrector’s', output],
        ];
  const lines = rows.flatMap(([name, text]) =>
    text === undefined
      ? []
      : [markup`<div><b>${name}</b>: ${text === '' ? '(nothing)' : text}</div>`],
  );
  return markup`<div style="margin-bottom:8px">${lines}</div>`;
}

function bestLayer(perLayer: readonly LayerAccuracy[]): number {
  const values = perLayer.map((l) => l.heldOutAccuracy ?? -1);
  return perLayer[values.indexOf(Math.max(...values))]?.layer ?? 0;
}

function activitySections(summary: ScanSummary): FigureSection[] {
  const { activity, teacherForced, standardize, labels, shownLayers } = summary;
  const curves = [
    ['activity', 'Activity per layer', activity, ''],
    [
      'activity-same-tokens',
      'Activity per layer, identical output tokens',
      teacherForced,
      ' Teacher-forced.',
    ],
  ] as const;
  return curves.flatMap(([name, heading, values, note]) =>
    values === undefined
      ? []
      : [
          {
            ...{ name, heading },
            caption: activityCaption({ activity: values, labels }) + note,
            draw: (room) =>
              activityFigure({ room, activity: values, standardize, labels, shownLayers }),
          },
        ],
  );
}

export const scanKind = defineSummary({
  kind: 'scan',
  title:
    'A LAT scan: readings by layer and output token, and how well each layer tells the classes.',
  shape: scanSummary,
  page: scanPage,
});
