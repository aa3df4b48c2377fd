import { describe, expect, it } from 'vitest';
import { escapeHtml, figurePage } from '../../src/plot/html.js';
import { correctorPage, evaluatePage, scanPage, sweepPage } from '../../src/plot/pages.js';
import {
  correctorExample,
  evaluateExample,
  scanExample,
  sweepExample,
} from '../record/examples.js';

const plotly = 'const Plotly = "</script><!-- </SCRIPT>";';
const hostile = '</script><img src=x onerror="alert(1)">&\'';

/** What the page's data element holds, as the page's own script reads it. */
function figuresOf(html: string): unknown {
  const json = /<script type="application\/json" id="figures">(.*?)<\/script>/s.exec(html)?.[1];
  return JSON.parse(json ?? '');
}

describe('figurePage', () => {
  const figure = { data: [{ name: hostile, x: [1, null] }], layout: { height: 333 } };
  const section = { heading: hostile, caption: hostile, figure };
  const html = figurePage({ title: hostile, introduction: hostile, sections: [section], plotly });

  it('escapes all text', () => {
    expect(html).not.toContain('<img');
    expect(html.split(escapeHtml(hostile))).toHaveLength(6);
    expect(escapeHtml(hostile)).toBe(
      '&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;',
    );
  });

  it('keeps scripts from being ended by their content, and the data as they are', () => {
    expect(html.match(/<\/script/gi)).toHaveLength(3);
    expect(html).not.toContain('<!--');
    expect(figuresOf(html)).toEqual([figure]);
  });

  it('reserves the height of each figure and refers to nothing outside', () => {
    expect(html).toContain('id="figure-0" class="figure" style="height:333px"');
    expect(html).not.toMatch(/(?:src|href)="?https?:/);
  });

  it('embeds the installed plotly.js', () => {
    const whole = figurePage({ title: 't', sections: [section] });
    expect(whole.length).toBeGreaterThan(3_000_000);
    expect(whole).toContain('plotly.js v');
    expect(whole.match(/<\/script/gi)).toHaveLength(3);
  });
});

describe('pages', () => {
  it('show each summary', () => {
    const scan = scanPage({ summary: { ...scanExample, health: { warnings: ['odd'] } }, plotly });
    expect(figuresOf(scan)).toHaveLength(3);
    expect(scan).toContain('LAT scan of corrector-arithmetic-m');
    expect(scan).toContain('Warning: odd.');
    const both = [sweepExample, { ...sweepExample, mode: 'fixed' as const }] as const;
    expect(figuresOf(sweepPage({ summaries: both, plotly }))).toHaveLength(2);
    expect(evaluatePage({ summary: evaluateExample, plotly })).toContain('upstream n = 1000');
    expect(figuresOf(correctorPage({ summary: correctorExample, plotly }))).toHaveLength(1);
  });
});
