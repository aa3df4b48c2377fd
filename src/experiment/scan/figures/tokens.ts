/** Text whose tokens are coloured by their readings at one layer: the heat map's line as prose. */
import type { LabelNames } from '../../../read/stimuli.js';
import type { ScanCase, Standardize } from '../shape.js';
import { markup, type Markup } from '../../../text/markup.js';
import { divergingColour, fixed } from '../../../plot/figure.js';
import { caseTitle, sideWords } from './labelWords.js';
import { visibleToken } from '../../../text/visibleToken.js';
import { boundaryMark, colourLimit, readingUnits } from './latScan.js';

/** What is shown: one layer of one case. */
export interface TokenReading {
  scanCase: ScanCase;
  /** From 0. */
  layer: number;
  standardize: Standardize;
  /** Ends of the colour scale, ±; default: as in the heat map of this case. */
  limit?: number;
  /** What the labels are called, where they were given. */
  labels?: LabelNames;
}

/**
 * An HTML element of coloured tokens; the reading shows on hover. Its styles are its own and text is
 * escaped, so that it can stand in any page or notebook, on light or dark ground.
 * @throws where the case has no such layer.
 */
export function tokenReadingHtml(options: TokenReading): Markup {
  const { scanCase, layer, standardize } = options;
  const values = scanCase.readings[layer];
  if (values === undefined) {
    throw new Error(
      `tokens: ${scanCase.id} has no layer ${layer} (expected 0 … ${scanCase.readings.length - 1})`,
    );
  }
  const limit = options.limit ?? colourLimit(scanCase.readings, standardize);
  const spans = scanCase.tokens.map((token, t) =>
    tokenSpan(token, values[t] ?? 0, { limit, unit: readingUnits[standardize] }),
  );
  const { boundary } = scanCase;
  const first =
    boundary === undefined
      ? []
      : [
          tokenSpan(boundaryMark, boundary[layer] ?? 0, {
            limit,
            unit: `${readingUnits[standardize]} at the prompt’s last token`,
          }),
        ];
  return markup`<div class="tokens" style="line-height:2.1">${[...first, ...spans]}</div>`;
}

/** Caption of {@link tokenReadingHtml}: case, layer, unit, scale and n. */
export function tokenReadingCaption(options: TokenReading): string {
  const { scanCase, layer, standardize, labels } = options;
  const limit = options.limit ?? colourLimit(scanCase.readings, standardize);
  const { positive, negative } = sideWords(labels);
  const title = caseTitle(scanCase.label, labels);
  const what = labels ? `labelled ${title}` : `which the corrector ${title}`;
  return (
    `${scanCase.id}, ${what}: ${readingUnits[standardize]} ` +
    `after layer ${layer} of n = ${scanCase.tokens.length} output tokens. Red points to ${positive}, ` +
    `blue to ${negative}, on ±${fixed(limit)}; one case has no interval.`
  );
}

function tokenSpan(token: string, value: number, how: { limit: number; unit: string }): Markup {
  const [r, g, b] = divergingColour(value, how.limit);
  // The ground is the token's own, so the text need not know the page's.
  const text = 0.299 * r + 0.587 * g + 0.114 * b > 140 ? '#111' : '#fff';
  const title = `${JSON.stringify(token)}: ${how.unit} ${value.toFixed(2)}`;
  const line = token.includes('\n') ? markup`<br>` : markup`<wbr>`;
  const style = markup`background:rgb(${r},${g},${b});color:${text};padding:2px 5px;margin:0 1px;border-radius:3px;white-space:pre`;
  return markup`<span style="${style}" title="${title}">${visibleToken(token)}</span>${line}`;
}
