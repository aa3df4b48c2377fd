/** A page with several figures that needs nothing else: plotly.js and the data are inside. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { escapeHtml } from './figure.js';
import { figuresOf } from './page.js';
import type { Page, PageSection } from './page.js';
import { grounds, groundColours, heightOf, template } from './theme.js';

/**
 * A self-contained HTML page, about 4.9 MB with plotly.js. All text is escaped; figures take the
 * width of the window, and light or dark ground by the reader's setting.
 * @param options.plotly plotly's code; default: the installed plotly.js-dist-min.
 */
export function renderPage(page: Page, options: { plotly?: string } = {}): string {
  const { title, introduction } = page;
  const figures = figuresOf(page).map((section) => section.figure);
  const intro = introduction === undefined ? '' : `<p>${escapeHtml(introduction)}</p>\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
${figures.length === 0 ? '' : `<script>${escapeScript(options.plotly ?? installedPlotly())}</script>`}
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${intro}${sectionsHtml(page.sections)}
${figures.length === 0 ? '' : drawingHtml(figures)}
</body>
</html>
`;
}

/** The installed plotly.js, about 4.8 MB. */
export function installedPlotly(): string {
  plotlyCode ??= readFileSync(
    createRequire(import.meta.url).resolve('plotly.js-dist-min/plotly.min.js'),
    'utf8',
  );
  return plotlyCode;
}

let plotlyCode: string | null = null;

function sectionsHtml(sections: readonly PageSection[]): string {
  let figure = 0;
  const parts = sections.map((section) => {
    const content =
      'figure' in section
        ? `<div id="figure-${figure++}" class="figure" style="height:${heightOf(section.figure)}px"></div>`
        : `<div class="text">${section.html}</div>`;
    return `<section>
<h2>${escapeHtml(section.heading)}</h2>
${content}
<p class="caption">${escapeHtml(section.caption)}</p>
</section>`;
  });
  return parts.join('\n');
}

function drawingHtml(figures: readonly unknown[]): string {
  const templates = Object.fromEntries(grounds.map((ground) => [ground, template(ground)]));
  return `<script type="application/json" id="figures">${jsonForHtml(figures)}</script>
<script type="application/json" id="templates">${jsonForHtml(templates)}</script>
<script>${drawing}</script>`;
}

/** JSON that cannot end the script element around it. */
function jsonForHtml(value: unknown): string {
  return JSON.stringify(value).replace(/</g, '\\u003c');
}

/** Inside string and pattern literals `<\/script` means the same and does not end the element. */
function escapeScript(code: string): string {
  return code.replace(/<\/script/gi, '<\\/script').replace(/<!--/g, '<\\!--');
}

const { light, dark } = groundColours;
const style = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 1400px; margin: 0 auto; padding: 1rem;
  color: ${light.text}; background: ${light.paper}; }
h1:empty, h2:empty, .caption:empty { display: none; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 0.25rem; }
.figure { width: 100%; } .text { overflow-x: auto; }
.caption { font-size: 0.9rem; opacity: 0.85; max-width: 80ch; }
@media (prefers-color-scheme: dark) { body { color: ${dark.text}; background: ${dark.paper}; } }
`;

/** Draws every figure, and again when the reader changes between light and dark. */
const drawing = `
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const figures = read('figures');
const templates = read('templates');
const dark = matchMedia('(prefers-color-scheme: dark)');
function draw() {
  const template = templates[dark.matches ? 'dark' : 'light'];
  figures.forEach(({ data, layout }, i) => {
    const options = { responsive: true, displaylogo: false, modeBarButtons: [['toImage', 'resetScale2d']] };
    Plotly.react('figure-' + i, data, { ...layout, template }, options);
  });
}
draw();
dark.addEventListener('change', draw);
`;
