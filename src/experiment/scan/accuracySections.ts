/** Accuracy by layer and method, as sections of a page. */
import type { FigureSection } from '../../plot/page/page.js';
import { layerAccuracyCaption, layerAccuracyFigure } from './figures/layerAccuracy.js';
import { methodComparisonCaption, methodComparisonFigure } from './figures/methodComparison.js';
import type { HealthSummary, ScanSummary } from './shape.js';

/** Accuracy per layer of the direction itself and, where known, of every method. */
export function accuracySections(
  summary: Pick<ScanSummary, 'perLayer' | 'baselines' | 'shownLayers'> &
    Partial<Pick<HealthSummary, 'methods'>>,
): FigureSection[] {
  const { perLayer, baselines, methods = [], shownLayers } = summary;
  const n = methods[0]?.n;
  const sections: FigureSection[] = [
    {
      name: 'accuracy',
      heading: 'Held-out accuracy per layer',
      caption: layerAccuracyCaption({ ...(n !== undefined && { n }) }),
      draw: (room) =>
        layerAccuracyFigure({ room, perLayer, shownLayers, ...(baselines && { baselines }) }),
    },
  ];
  if (methods.length === 0) return sections;
  const comparison: FigureSection = {
    name: 'methods',
    heading: 'Direction methods compared',
    caption: methodComparisonCaption({ methods, shownLayers }),
    draw: (room) => methodComparisonFigure({ room, methods, shownLayers }),
  };
  return [...sections, comparison];
}
