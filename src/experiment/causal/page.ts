/** `causal.html`. */
import type { FigureSection, Page } from '../../plot/page/page.js';
import { warned } from '../../plot/page/page.js';
import { defineSummary } from '../shared/experiment.js';
import { ablationCaption, ablationFigure } from './figures/ablation.js';
import { effectMapCaption, effectMapFigure } from './figures/effectMap.js';
import { layerControlsCaption, layerControlsFigure } from './figures/layerControls.js';
import { causalPartsCaption, causalPartsHtml } from './figures/parts.js';
import {
  boundaryPatchCaption,
  boundaryPatchFigure,
  patchMapCaption,
  patchMapFigure,
} from './figures/patching.js';
import { causalSummary, type CausalSummary } from './shape.js';

/** One layer at a time: steered, ablated, patched; and each layer's part. */
export function causalPage(summary: CausalSummary): Page {
  const { model, method, warnings, steering, positions } = summary;
  return {
    title: `Causal test of ${model}`,
    introduction: `Direction by ${method}, one layer at a time.${warned(warnings)}`,
    sections: [
      {
        heading: 'What each layer does',
        caption: causalPartsCaption(summary),
        html: causalPartsHtml(summary),
      },
      {
        name: 'steering',
        heading: 'Steering one layer at a time',
        caption: `${effectMapCaption(steering)} Steered positions: ${positions}.`,
        draw: (room) => effectMapFigure({ ...steering, room }),
      },
      ...controlSections(summary),
      {
        name: 'ablation',
        heading: 'The direction removed at one layer',
        caption: ablationCaption(summary),
        draw: (room) => ablationFigure({ ...summary, room }),
      },
      ...patchSections(summary),
    ],
  };
}

function controlSections({ controls, steering: { metric } }: CausalSummary): FigureSection[] {
  if (!controls) return [];
  const section: FigureSection = {
    name: 'layer-controls',
    heading: 'Beside random directions',
    caption: layerControlsCaption({ ...controls, metric }),
    draw: (room) => layerControlsFigure({ room, ...controls, metric }),
  };
  return [section];
}

function patchSections(summary: CausalSummary): FigureSection[] {
  const { patching, layers, data } = summary;
  // The others are patched at the boundary alone: no map.
  const maps = patching.filter(({ columns }) => columns.length > 1);
  const boundary: FigureSection = {
    name: 'boundary-patching',
    heading: 'The boundary token patched, both ways and with controls',
    caption: boundaryPatchCaption(summary),
    draw: (room) => boundaryPatchFigure({ ...summary, room }),
  };
  return [
    ...maps.map((map): FigureSection => ({
      name: 'patching',
      heading: 'A correction’s hidden state in a copying run',
      caption: patchMapCaption({ map, pairing: data.pairing }),
      draw: (room) => patchMapFigure({ room, map, layers }),
    })),
    ...(patching.length > 0 ? [boundary] : []),
  ];
}

export const causalKind = defineSummary({
  kind: 'causal',
  title:
    'Steering, ablation and patching one layer at a time: which layers decide, and does the scan agree.',
  shape: causalSummary,
  page: causalPage,
});
