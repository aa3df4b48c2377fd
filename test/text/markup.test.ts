/** HTML by one template: whatever it is given stays text. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { dataElement, documentValue, markup, scriptElement, type Markup } from '../../src/text/markup.js'; // prettier-ignore

const hostile = '"\'></script><img src=x onerror=alert(1)>&\u001b\u202e';
const escaped = '&quot;&#39;&gt;&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&amp;\\x1b\\u202e';

describe('markup', () => {
  it('escapes text and values of attributes, and shows controls', () => {
    expect(markup`<b title="${hostile}">${hostile}</b>`.text).toBe(
      `<b title="${escaped}">${escaped}</b>`,
    );
    expect(markup`<b title='${hostile}'>${3}</b>`.text).toBe(`<b title='${escaped}'>3</b>`);
    expect(markup`a < b ${hostile}`.text).toBe(`a < b ${escaped}`);
  });

  it('takes its own kind as it is, and rows of it', () => {
    const rows = ['<', hostile].map((text) => markup`<td>${text}</td>`);
    expect(markup`<tr>${rows}${['<', 1]}</tr>`.text).toBe(
      `<tr><td>&lt;</td><td>${escaped}</td>&lt;1</tr>`,
    );
    expect(String(markup`<i>x</i>`)).toBe('<i>x</i>');
  });

  it('takes nothing for its own kind that only looks like it', () => {
    const like = { text: '<img>', toString: () => '<img>' } as unknown as Markup;
    expect(() => markup`<p>${like}</p>`.text).toThrow();
  });

  it.each([
    ['outside quotes', (x: string) => markup`<b title=${x}>`],
    ['as a name of an attribute', (x: string) => markup`<b ${x}>`],
    ['as a tag', (x: string) => markup`<${x}>`],
    ['as the whole of an address', (x: string) => markup`<a href="${x}">`],
    ['as the source of a picture', (x: string) => markup`<img alt="" src='${x}'>`],
    ['as a style', (x: string) => markup`<b style="${x}">`],
    ['as code', (x: string) => markup`<b onclick="${x}">`],
    ['within a script', (x: string) => markup`<script>const a = ${x}</script>`],
    ['within a style', (x: string) => markup`<style>b { color: ${x} }</style>`],
    ['after a tag that is not closed', (x: string) => markup`<i>a</i><b title="a" ${x}>`],
  ])('refuses a value %s, where no escaping helps', (_, make) => {
    expect(() => make('x')).toThrow(/has no safe place/);
  });

  it('leaves what stands after such places, and within an address', () => {
    expect(markup`<script>1</script><a href="#${'a"b'}" title="${'x'}">${'y'}</a>`.text).toBe(
      '<script>1</script><a href="#a&quot;b" title="x">y</a>',
    );
  });
});

describe('scripts and documents', () => {
  it('end where they should', () => {
    const code = 'const a = "</script><!-- </SCRIPT>";';
    expect(scriptElement(code).text).toBe('<script>const a = "<\\/script><\\!-- <\\/script>";</script>'); // prettier-ignore
    const element = dataElement('data', { a: `${hostile}<!--\u2028\u2029` }).text;
    expect(element.slice(element.indexOf('>') + 1, -'</script>'.length)).not.toMatch(/[<>&\u2028\u2029]/); // prettier-ignore
    const json = /^<script type="application\/json" id="data">(.*)<\/script>$/.exec(element)?.[1];
    expect(JSON.parse(json ?? '')).toEqual({ a: `${hostile}<!--\u2028\u2029` });
    expect(() => dataElement('a"b', 1)).toThrow(/is no id/);
    expect(documentValue('<b title="x">&').text).toBe('&lt;b title=&quot;x&quot;&gt;&amp;');
  });
});

/** Literals of a source that are no part of a template with the tag `markup`. */
function plainTexts(file: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'markup') {
      const { template } = node;
      if (ts.isTemplateExpression(template)) template.templateSpans.forEach((span) => visit(span.expression)); // prettier-ignore
      return;
    }
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) found.push(node.getText());
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true));
  return found;
}

it('no other module makes HTML', () => {
  const src = fileURLToPath(new URL('../../src', import.meta.url));
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' });
  const tag = /<\/?(?:a|b|i|p|div|span|td|tr|th|table|script|style|code|small|iframe|h[1-6])[\s>]/;
  // Titles of figures are bold, in the tags that `safeFigure` lets through.
  const title = /^`<b>(?:\$\{plotText|difference<)/;
  const found = files
    .filter((file) => file.endsWith('.ts') && file !== join('text', 'markup.ts'))
    .flatMap((file) =>
      plainTexts(join(src, file))
        .filter((text) => tag.test(text) && !title.test(text))
        .map((text) => `${file}: ${text}`),
    );
  expect(found).toEqual([]);
});
