/** What each layer does, by every measure, as a table; and whether the scan agrees. */
import type { CausalSummary } from '../shape.js';
import { fixed, intervalText } from '../../../plot/figure.js';
import { tableHtml } from '../../../plot/table.js';
import type { Markup } from '../../../text/markup.js';

const roleText = { prepares: 'prepares', decides: 'decides', carriesOut: 'carries out' } as const;

type Parts = Pick<CausalSummary, 'parts' | 'evidence' | 'scan' | 'bestLayer' | 'heldOutN'>;

/** One line per layer. */
export function causalPartsHtml({ parts, evidence, scan, heldOutN }: Parts): Markup {
  const value = (mean: number | null, ci: [number, number] | null): string =>
    mean === null ? '–' : fixed(mean) + intervalText(ci);
  const rows = scan.map(({ layer, heldOutAccuracy }, i) => ({
    // As text, so that they stand left beside the parts they name.
    layer: String(layer),
    ...partCells(parts[i]),
    ...Object.fromEntries(
      evidence.map(({ measure, n, perLayer }) => [
        `${measure} (n = ${n})`,
        value(perLayer[i]?.mean ?? null, perLayer[i]?.ci ?? null),
      ]),
    ),
    [heldOutN === undefined ? 'held-out accuracy' : `held-out accuracy (n = ${heldOutN})`]:
      heldOutAccuracy,
  }));
  return tableHtml(rows);
}

/** Nothing where no pair could be made. */
function partCells(part: Parts['parts'][number] | undefined): Record<string, string> {
  if (!part) return {};
  const told = part.confirmed ? 'confirmed' : `${roleText[part.testRole]}: not confirmed`;
  return { part: roleText[part.role], 'on test pairs': told };
}

/** Caption of {@link causalPartsHtml}: what is measured, and the agreement with the scan. */
export function causalPartsCaption({ evidence, bestLayer }: Parts): string {
  const lines = evidence.map((measured) => {
    const { measure, what, largest, lead, leadCi, rankCorrelation: rank } = measured;
    const correlation =
      rank === null ? 'undefined' : fixed(rank) + intervalText(measured.rankCorrelationCi);
    const ahead =
      lead === null
        ? ''
        : `, ahead of the others by ${fixed(lead)}${intervalText(leadCi)} on test data`;
    return `${measure}: ${what}; largest on validation data at layer ${largest}${ahead}; rank correlation with the accuracy ${correlation}.`;
  });
  return `Parts by the rule on validation pairs; intervals: 95 %, bootstrapped over problems or pairs. ${lines.join(' ')} ${bestLayer === null ? 'The held-out accuracy of the layers is not known.' : `Best held-out accuracy: layer ${bestLayer}.`}`;
}
