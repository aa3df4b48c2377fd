import { describe, expect, it } from 'vitest';
import { escapeHtml } from '../../src/plot/figure.js';
import { renderPage } from '../../src/plot/page/html.js';
import { figuresOf, type Page } from '../../src/plot/page/page.js';
import { roundsPage, summaryPage } from '../../src/experiment/pages.js';
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
  const section = { name: 'one', heading: hostile, caption: hostile, figure };
  const html = renderPage(
    { title: hostile, introduction: hostile, sections: [section] },
    { plotly },
  );

  it('escapes all text', () => {
    expect(html).not.toContain('<img');
    expect(html.split(escapeHtml(hostile))).toHaveLength(6);
    expect(escapeHtml(hostile)).toBe(
      '&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;',
    );
  });

  it('keeps scripts from being ended by their content, and the data as they are', () => {
    expect(html.match(/<\/script/gi)).toHaveLength(4);
    expect(html).not.toContain('<!--');
    expect(dataOf(html)).toEqual([figure]);
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
    const text = { heading: 'h', caption: 'c', html: '<b>text</b>' };
    const light = renderPage({ title: 't', sections: [text] });
    expect(light).toContain('<div class="text"><b>text</b></div>');
    expect(light).not.toContain('<script');
  });

  it('numbers figures, not sections', () => {
    const text = { heading: 'h', caption: 'c', html: 'x' };
    const page: Page = { title: 't', sections: [text, section, text, section] };
    const ids = [...renderPage(page, { plotly }).matchAll(/id="(figure-\d+)"/g)];
    expect(ids.map(([, id]) => id)).toEqual(['figure-0', 'figure-1']);
  });
});

describe('pages', () => {
  const names = (page: Page): string[] => figuresOf(page).map(({ name }) => name);

  it('show each summary, every figure with a name of its own', () => {
    const scan = summaryPage('scan', { ...scanExample, teacherForced: scanExample.activity ?? [] });
    expect(names(scan)).toEqual([
      'lat-scan',
      'activity',
      'activity-same-tokens',
      'accuracy',
      'methods',
    ]);
    expect(names(summaryPage('sweep', sweepExample))).toEqual(['steering-curve']);
    expect(names(summaryPage('evaluate', evaluateExample))).toEqual(['systems']);
    expect(names(summaryPage('corrector', correctorExample))).toEqual(['rates']);
    expect(names(summaryPage('health', healthExample))).toEqual(['accuracy', 'methods']);
  });

  it('say in every caption what n is', () => {
    const all = [
      summaryPage('scan', scanExample),
      summaryPage('sweep', sweepExample),
      summaryPage('evaluate', evaluateExample),
      summaryPage('corrector', correctorExample),
      summaryPage('health', healthExample),
    ];
    for (const { caption } of all.flatMap((page) => page.sections)) {
      expect(caption).toMatch(/n = \d+/);
      expect(caption).toMatch(/interval/);
    }
  });

  it('warn where the direction is not to be trusted', () => {
    const { introduction } = summaryPage('scan', { ...scanExample, health: { warnings: ['odd'] } });
    expect(introduction).toContain('Warning: odd.');
  });

  it('read the text at the best layer, known or not', () => {
    const headings = (page: Page): string[] => page.sections.map(({ heading }) => heading);
    const known = summaryPage('scan', scanExample);
    expect(headings(known)).toContain('Readings over the text, layer 3');
    const older = { ...scanExample };
    delete older.health;
    const best = older.perLayer.map((l) => l.heldOutAccuracy ?? 0);
    const layer = best.indexOf(Math.max(...best));
    expect(headings(summaryPage('scan', older))).toContain(
      `Readings over the text, layer ${layer}`,
    );
  });

  it('show a question as text', () => {
    const page = roundsPage({ question: hostile, rounds: [] });
    expect(renderPage(page)).toContain(escapeHtml(hostile));
  });
});
