import { describe, expect, it } from 'vitest';
import { markup } from '../../src/text/markup.js';
import { renderPage } from '../../src/plot/page/html.js';
import { figuresOf, type Page } from '../../src/plot/page/page.js';
import { healthPage } from '../../src/experiment/health/page.js';
import { correctorPage, evaluatePage } from '../../src/experiment/answers/evaluate/page.js';
import { scanPage } from '../../src/experiment/scan/page.js';
import { sweepPage } from '../../src/experiment/sweep/page.js';
import { roundsPage } from '../../src/plot/page/rounds.js';
import {
  correctorExample,
  evaluateExample,
  healthExample,
  scanExample,
  sweepExample,
} from '../experiment/examples.js';

const plotly = 'const Plotly = "</script><!-- </SCRIPT>";';
const hostile = '</script><img src=x onerror="alert(1)">&\'';

/** What the page's data element holds, as the page's own script reads it. */
function dataOf(html: string): unknown {
  const json = /<script type="application\/json" id="figures">(.*?)<\/script>/s.exec(html)?.[1];
  return JSON.parse(json ?? '');
}

describe('renderPage', () => {
  const figure = { data: [{ name: hostile, x: [1, null] }], layout: { height: 333 } };
  const section = { name: 'one', heading: hostile, caption: hostile, draw: () => figure };
  const html = renderPage(
    { title: hostile, introduction: hostile, sections: [section] },
    { plotly },
  );

  it('escapes all text', () => {
    expect(html).not.toContain('<img');
    const escaped = '&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;';
    expect(html.split(escaped)).toHaveLength(6);
  });

  it('keeps scripts from being ended by their content, and the data as they are', () => {
    expect(html.match(/<\/script/gi)).toHaveLength(4);
    expect(html).not.toContain('<!--');
    // Plotly would read the tags, too.
    const name = hostile.replaceAll('<', '&lt;');
    const [drawn] = dataOf(html) as { data: unknown; at: { width: number; data: number }[] }[];
    // One variant of the data serves every width.
    expect(drawn?.data).toEqual([[{ name, x: [1, null] }]]);
    expect(drawn?.at.map(({ width, data }) => [width, data])).toEqual([[330, 0], [680, 0], [980, 0]]); // prettier-ignore
  });

  it('reserves the height of each figure and refers to nothing outside', () => {
    expect(html).toContain('id="figure-0" class="figure" style="height:333px"');
    expect(html).not.toMatch(/(?:src|href)="?https?:/);
  });

  it('embeds the installed plotly.js, and only where there is a figure', () => {
    const whole = renderPage({ title: 't', sections: [section] });
    expect(whole.length).toBeGreaterThan(3_000_000);
    expect(whole).toContain('plotly.js v');
    expect(whole.match(/<\/script/gi)).toHaveLength(4);
    const text = { heading: 'h', caption: 'c', html: markup`<b>text</b>` };
    const light = renderPage({ title: 't', sections: [text] });
    expect(light).toContain('<div class="text"><b>text</b></div>');
    expect(light).not.toContain('<script');
  });

  it('numbers figures, not sections', () => {
    const text = { heading: 'h', caption: 'c', html: markup`x` };
    const page: Page = { title: 't', sections: [text, section, text, section] };
    const ids = [...renderPage(page, { plotly }).matchAll(/id="(figure-\d+)"/g)];
    expect(ids.map(([, id]) => id)).toEqual(['figure-0', 'figure-1']);
  });
});

describe('pages', () => {
  const names = (page: Page): string[] => figuresOf(page).map(({ name }) => name);

  it('show each summary, every figure with a name of its own', () => {
    const scan = scanPage({ ...scanExample, teacherForced: scanExample.activity ?? [] });
    expect(names(scan)).toEqual([
      'lat-scan',
      'activity',
      'activity-same-tokens',
      'accuracy',
      'methods',
    ]);
    expect(names(sweepPage(sweepExample))).toEqual(['steering-curve']);
    expect(names(evaluatePage(evaluateExample))).toEqual(['systems']);
    expect(names(correctorPage(correctorExample))).toEqual(['rates']);
    expect(names(healthPage(healthExample))).toEqual(['accuracy', 'methods']);
  });

  it('say in every caption what n is', () => {
    const all = [
      scanPage(scanExample),
      sweepPage(sweepExample),
      evaluatePage(evaluateExample),
      correctorPage(correctorExample),
      healthPage(healthExample),
    ];
    for (const { caption } of all.flatMap((page) => page.sections)) {
      expect(caption).toMatch(/n = \d+/);
      expect(caption).toMatch(/interval/);
    }
  });

  it('warn where the direction is not to be trusted', () => {
    const { introduction } = scanPage({ ...scanExample, health: { warnings: ['odd'] } });
    expect(introduction).toContain('Warning: odd.');
  });

  it('read the text at the best layer, known or not', () => {
    const headings = (page: Page): string[] => page.sections.map(({ heading }) => heading);
    const known = scanPage(scanExample);
    expect(headings(known)).toContain('Readings over the text, layer 3');
    const older = { ...scanExample };
    delete older.health;
    const best = older.perLayer.map((l) => l.heldOutAccuracy ?? 0);
    const layer = best.indexOf(Math.max(...best));
    expect(headings(scanPage(older))).toContain(`Readings over the text, layer ${layer}`);
  });

  it('show a question as text', () => {
    const page = roundsPage({ question: hostile, rounds: [] });
    expect(renderPage(page)).toContain(String(markup`${hostile}`));
  });
});
