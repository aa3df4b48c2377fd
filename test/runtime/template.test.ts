import { describe, expect, it } from 'vitest';
import { bounded } from '../../src/runtime/bounded.js';
import { parseTemplate, renderTemplate } from '../../src/runtime/template.js';

const limits = { steps: 50_000, size: 1_000_000, total: 10_000_000, seconds: 10 };
const messages = [{ role: 'user', content: 'hello' }];
const render = (source: string): string =>
  renderTemplate(parseTemplate(source), { messages }, limits);

describe('a chat template', () => {
  it('is rendered, with blocks trimmed', () => {
    const source = `{% for m in messages %}
  {% if loop.first %}
<{{ m['role'] }}>{{ m.content | upper }}{{ range(2, 0, -1) | join(',') }}
  {% endif %}
{% endfor %}`;
    expect(render(source)).toBe('<user>HELLO2,1\n');
    expect(() => render("{{ raise_exception('no system turn') }}")).toThrow('no system turn');
  });

  const steps = /takes more than \d+ steps/;
  const writes = /writes more than \d+ characters/;
  const nested = '{% for a in r %}'.repeat(4) + 'x' + '{% endfor %}'.repeat(4);
  it.each<[string, string, RegExp]>([
    ['a list of a milliard', '{% for i in range(1000000000) %}{% endfor %}', /range\(\) is longer/],
    ['a list that never ends', '{{ range(0, 1, 0) | length }}', /must not be zero/],
    ['nested loops', `{% set r = range(1000) %}${nested}`, steps],
    [
      'text that doubles',
      `{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}`,
      writes,
    ],
    [
      'a list that doubles',
      `{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}`,
      writes,
    ],
    ['long output', `{% for i in range(99999) %}${'x'.repeat(999)}{% endfor %}`, writes],
    [
      'much text kept',
      `{% set s = range(90000) | join %}{% set ns = namespace(l=[]) %}{% for i in range(9999) %}{% set ns.l = ns.l + [s | upper] %}{% endfor %}`,
      writes,
    ],
    [
      'a replacement of replacements',
      "{% set s = range(90000) | join %}{{ s.replace('1', s) }}",
      /./,
    ],
    ['a macro that calls itself', '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}', /./],
  ])('is ended: %s', (_, source, message) => {
    expect(() => render(source)).toThrow(message);
  });

  it('is ended where only the clock tells', () => {
    const source = `{% set s = range(90000) | join %}{% for i in range(99999) %}{% if 'zz' in s %}{% endif %}{% endfor %}`;
    const endless = { steps: Infinity, size: Infinity, total: Infinity, seconds: 0.2 };
    expect(() => renderTemplate(parseTemplate(source), {}, endless)).toThrow(/longer than 0.2 s/);
  });
});

describe('bounded', () => {
  const limit = { seconds: 0.1, what: 'test: this' };

  it('gives what the work gives, and throws what it throws', () => {
    expect(bounded(() => bounded(() => 7, limit), limit)).toBe(7);
    expect(bounded(() => undefined, limit)).toBeUndefined();
    expect(() => bounded(() => JSON.parse('{') as unknown, limit)).toThrow(SyntaxError);
  });

  it('ends a regular expression that backtracks, and works again', () => {
    const text = `${'a'.repeat(40)}b`;
    expect(() => bounded(() => /^(a+)+$/.test(text), limit)).toThrow(
      'test: this takes longer than 0.1 s; use the files of a model you trust, or a shorter text',
    );
    expect(bounded(() => /^a+b$/.test(text), limit)).toBe(true);
  });
});
