/** `health.html`. */
import { warned, type Page } from '../../plot/page/page.js';
import { accuracySections } from '../scan/accuracySections.js';
import { healthSummary, type HealthSummary } from '../scan/shape.js';
import { defineSummary } from '../shared/experiment.js';

/** How far a direction is to be trusted, beside the other methods. */
export function healthPage(summary: HealthSummary): Page {
  const { model, method, warnings } = summary;
  return {
    title: `Direction of ${model}`,
    introduction: `By ${method}.${warned(warnings)}`,
    sections: accuracySections(summary),
  };
}

export const healthKind = defineSummary({
  kind: 'health',
  title: 'How far a direction is to be trusted, layer by layer, beside the other methods.',
  shape: healthSummary,
  page: healthPage,
});
