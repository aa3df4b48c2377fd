/** One page with several figures that needs nothing else: plotly.js and the data are inside. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Figure } from './figure.js';

export interface PageSection {
  heading: string;
  /** What the figure shows, its unit and its n. */
  caption: string;
  figure: Figure;
}

export interface PageOptions {
  title: string;
  /** A paragraph under the title. */
  introduction?: string;
  sections: readonly PageSection[];
  /** Plotly's code; default: the installed plotly.js-dist-min. */
  plotly?: string;
}

/**
 * A self-contained HTML page, about 4.9 MB with plotly.js. All text is escaped; figures take the
 * width of the window, and light or dark ground by the reader's setting.
 */
export function figurePage(options: PageOptions): string {
  const { title, introduction, sections, plotly = installedPlotly() } = options;
  const parts = sections.map(
    ({ heading, caption, figure }, i) => `<section>
<h2>${escapeHtml(heading)}</h2>
<div id="figure-${i}" class="figure" style="height:${heightOf(figure)}px"></div>
<p class="caption">${escapeHtml(caption)}</p>
</section>`,
  );
  const intro = introduction === undefined ? '' : `<p>${escapeHtml(introduction)}</p>\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
<script>${escapeScript(plotly)}</script>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${intro}${parts.join('\n')}
<script type="application/json" id="figures">${jsonForHtml(sections.map((s) => s.figure))}</script>
<script>${drawing}</script>
</body>
</html>
`;
}

/** For text and for attribute values. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (mark) => entities[mark] ?? mark);
}

/** JSON that cannot end the script element around it. */
function jsonForHtml(value: unknown): string {
  return JSON.stringify(value).replace(/</g, '\\u003c');
}

/** Inside string and pattern literals `<\/script` means the same and does not end the element. */
function escapeScript(code: string): string {
  return code.replace(/<\/script/gi, '<\\/script').replace(/<!--/g, '<\\!--');
}

function heightOf(figure: Figure): number {
  const height = figure.layout['height'];
  return typeof height === 'number' ? height : 450;
}

let plotlyCode: string | null = null;

function installedPlotly(): string {
  plotlyCode ??= readFileSync(
    createRequire(import.meta.url).resolve('plotly.js-dist-min/plotly.min.js'),
    'utf8',
  );
  return plotlyCode;
}

const style = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 1400px; margin: 0 auto; padding: 1rem;
  color: #222; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 0.25rem; }
.figure { width: 100%; } .caption { font-size: 0.9rem; opacity: 0.85; max-width: 80ch; }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #181a1b; } }
`;

/** Draws every figure, and again when the reader changes between light and dark. */
const drawing = `
const figures = JSON.parse(document.getElementById('figures').textContent);
const dark = matchMedia('(prefers-color-scheme: dark)');
function template() {
  const line = dark.matches ? '#44484a' : '#e2e2e2';
  const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, automargin: true };
  return { layout: {
    font: { color: dark.matches ? '#ddd' : '#222', size: 13 },
    paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)',
    modebar: { bgcolor: 'rgba(0,0,0,0)', color: '#999', activecolor: '#555' },
    legend: { bgcolor: 'rgba(0,0,0,0)' }, xaxis: axis, yaxis: axis,
  } };
}
function draw() {
  figures.forEach(({ data, layout }, i) => {
    const options = { responsive: true, displaylogo: false, modeBarButtons: [['toImage', 'resetScale2d']] };
    Plotly.react('figure-' + i, data, { ...layout, template: template() }, options);
  });
}
draw();
dark.addEventListener('change', draw);
`;
