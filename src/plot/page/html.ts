/** A page with several figures that needs nothing else: plotly.js and the data are inside. */
import { grounds } from './formats.js';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dataElement, markup, scriptElement, type Markup } from '../../text/markup.js';
import { safeFigure } from '../figure.js';
import { figuresOf } from './page.js';
import type { FigureSection, Page, PageSection } from './page.js';
import { groundColours, heightOf, template } from '../theme.js';

/**
 * A self-contained HTML page, about 4.9 MB with plotly.js. All text is escaped; figures take the
 * width of the window, and light or dark ground by the reader's setting.
 * @param options.plotly plotly's code; default: the installed plotly.js-dist-min.
 */
export function renderPage(page: Page, options: { plotly?: string } = {}): string {
  const { title, introduction } = page;
  const figures = figuresOf(page).map(arrangementsOf);
  const intro = introduction === undefined ? '' : markup`<p>${introduction}</p>\n`;
  const plotly = figures.length === 0 ? '' : scriptElement(options.plotly ?? installedPlotly());
  const whole = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${style}</style>
${plotly}
</head>
<body>
<h1>${title}</h1>
${intro}${sectionsHtml(page.sections, figures)}
${figures.length === 0 ? '' : drawingHtml(figures)}
</body>
</html>
`;
  return whole.text;
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

/** CSS pixels: figures are arranged for each, and drawn in the widest arrangement that has room. */
const widths = [330, 680, 980] as const;

/** One figure's arrangements, plain data for the script below. */
interface Arrangements {
  /** Traces, each variant once. */
  data: Record<string, unknown>[][];
  at: { width: number; data: number; layout: Record<string, unknown>; height: number }[];
}

function arrangementsOf({ draw }: FigureSection): Arrangements {
  const variants = new Map<string, Record<string, unknown>[]>();
  const at = widths.map((width) => {
    const { data, layout } = safeFigure(draw({ width }));
    const key = JSON.stringify(data);
    if (!variants.has(key)) variants.set(key, data);
    const height = heightOf({ data, layout });
    return { width, data: [...variants.keys()].indexOf(key), layout, height };
  });
  return { data: [...variants.values()], at };
}

function sectionsHtml(
  sections: readonly PageSection[],
  figures: readonly Arrangements[],
): Markup[] {
  let figure = 0;
  const contentOf = (section: PageSection): Markup => {
    if (!('draw' in section)) return markup`<div class="text">${section.html}</div>`;
    const height = figures[figure]?.at.at(-1)?.height ?? 0;
    return markup`<div id="figure-${figure++}" class="figure" style="height:${height}px"></div>`;
  };
  return groupsOf(sections).map(([first, ...minor]) => {
    const folded = 'folded' in first && first.folded === true;
    const heading = markup`<h2>${first.heading}</h2>`;
    const body = markup`${contentOf(first)}
<p class="caption">${first.caption}</p>
${minor.map((section) => markup`<h3>${section.heading}</h3>\n${contentOf(section)}\n<p class="caption">${section.caption}</p>\n`)}`;
    const id = 'id' in first && first.id !== undefined ? markup` id="${first.id}"` : markup``;
    return folded
      ? markup`<details${id}><summary>${heading}</summary>\n${body}</details>\n`
      : markup`<section${id}>\n${heading}\n${body}</section>\n`;
  });
}

/** Each section with the minor ones after it. */
function groupsOf(sections: readonly PageSection[]): [PageSection, ...PageSection[]][] {
  const groups: [PageSection, ...PageSection[]][] = [];
  for (const section of sections) {
    const last = groups.at(-1);
    if (last && 'minor' in section && section.minor === true) last.push(section);
    else groups.push([section]);
  }
  return groups;
}

function drawingHtml(figures: readonly Arrangements[]): Markup {
  const templates = Object.fromEntries(grounds.map((ground) => [ground, template(ground)]));
  return markup`${dataElement('figures', figures)}
${dataElement('templates', templates)}
${scriptElement(drawing)}`;
}

const { light, dark } = groundColours;

/** Text of a verdict; blue and orange, which any colour vision tells apart, dark enough to read. */
const verdictColours = {
  light: { holds: '#00588c', opposite: '#a64700' },
  dark: { holds: '#6cb8e6', opposite: '#f0975a' },
} as const;
const style = markup`
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 1400px; margin: 0 auto; padding: 1rem;
  color: ${light.text}; background: ${light.paper}; }
h1, h2, h3, p { overflow-wrap: anywhere; } td { overflow-wrap: break-word; }
h1:empty, h2:empty, h3:empty, .caption:empty { display: none; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 0.25rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 0.25rem; }
.figure { width: 100%; } .text { overflow-x: auto; }
.caption { font-size: 0.9rem; opacity: 0.85; max-width: 80ch; }
.findings { border-collapse: collapse; width: 100%; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
.findings td, .findings th { text-align: left; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; }
.findings td { border-top: 1px solid ${light.line}; }
.findings .claim th { padding-top: 1rem; font-weight: normal; max-width: 80ch; }
.findings .claim span { font-weight: bold; margin-right: 0.5ch; }
.findings b, .findings.details td:nth-child(3), .findings td:nth-child(4) { white-space: nowrap; } .findings a { color: inherit; }
.findings small { display: block; opacity: 0.8; }
.findings b.holds { color: ${verdictColours.light.holds}; } .findings b.opposite { color: ${verdictColours.light.opposite}; }
details { border-top: 1px solid ${light.line}; } summary { cursor: pointer; padding: 0.5rem 0; }
summary h2 { display: inline; margin: 0; white-space: pre-wrap; }
.counts { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
.counts th, .counts td { text-align: right; padding: 0.15rem 0 0.15rem 1.2rem; white-space: nowrap; }
.counts th:first-child, .counts td:first-child { text-align: left; padding-left: 0; white-space: normal; }
.counts a { color: inherit; }
@media (max-width: 700px) {
  .findings thead { display: none; } .findings, .findings tbody, .findings tr { display: block; }
  .findings tr { padding: 0.4rem 0; } .findings .claim th { display: block; padding-right: 0; }
  .findings td { display: flex; gap: 1ch; border: 0; padding: 0; white-space: normal; }
  .findings td:first-child { border-top: 1px solid ${light.line}; padding-top: 0.4rem; }
  .findings td::before { content: attr(data-name); flex: 0 0 7.5em; opacity: 0.7; }
  .findings td:nth-child(n+3) { white-space: normal; }
  .findings td > * { min-width: 0; } .counts th span { display: none; } .counts th, .counts td { padding-left: 0.8rem; }
}
@media (prefers-color-scheme: dark) {
  .findings td, .findings td:first-child, details { border-color: ${dark.line}; }
  .findings b.holds { color: ${verdictColours.dark.holds}; } .findings b.opposite { color: ${verdictColours.dark.opposite}; }
}
@media (prefers-color-scheme: dark) { body { color: ${dark.text}; background: ${dark.paper}; } }
`;

/**
 * Draws every figure, and again when the reader changes between light and dark, or the window so that
 * another arrangement fits.
 */
const drawing = `
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const figures = read('figures');
const templates = read('templates');
const dark = matchMedia('(prefers-color-scheme: dark)');
const options = { responsive: true, displaylogo: false, modeBarButtons: [['toImage', 'resetScale2d']] };
const shown = [];
function draw() {
  const ground = dark.matches ? 'dark' : 'light';
  figures.forEach(({ data, at }, i) => {
    const place = document.getElementById('figure-' + i);
    const room = place.clientWidth;
    // In a closed section; it is drawn when that opens.
    if (room === 0) return;
    const one = at.filter(({ width }) => width <= room).at(-1) ?? at[0];
    const key = ground + one.width;
    if (shown[i] === key) return;
    shown[i] = key;
    place.style.height = one.height + 'px';
    Plotly.react(place, data[one.data], { ...one.layout, template: templates[ground] }, options);
  });
}
draw();
dark.addEventListener('change', draw);
addEventListener('resize', draw);
document.addEventListener('toggle', draw, true);
/** What a link leads to may lie in a closed section. */
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const section = target?.closest('details');
  if (!section || section.open) return;
  section.open = true;
  target.scrollIntoView();
}
openTarget();
addEventListener('hashchange', openTarget);
`;
