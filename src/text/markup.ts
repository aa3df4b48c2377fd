/**
 * HTML that is escaped by construction: all of it is made by one template tag. What the source says
 * stands as it is; what it is given is text, unless it is HTML that was made the same way. Controls
 * are shown, as on a terminal.
 */
import { show } from './show.js';

/** HTML that may stand in a page. */
export class Markup {
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  static made(fixed: TemplateStringsArray, values: readonly MarkupPart[]): Markup {
    values.forEach((value, i) => {
      if (!(value instanceof Markup)) refuseOpenPlace(fixed, i);
    });
    const rest = values.map((value, i) => written(value) + (fixed[i + 1] ?? ''));
    return new Markup((fixed[0] ?? '') + rest.join(''));
  }

  /** A text as the value of an attribute, its controls as they are. */
  static quoted(text: string): Markup {
    return new Markup(quoted(text));
  }

  /** Rules of style: nothing in them ends the element. */
  static style(rules: string): Markup {
    return new Markup(`<style>${rules}</style>`);
  }

  /** A script, or its data: nothing in it ends the element. */
  static script(code: string, attributes = ''): Markup {
    return new Markup(`<script${attributes}>${code}</script>`);
  }
}

/** What a template takes: text, numbers, HTML, and rows of these. */
export type MarkupPart = string | number | Markup | readonly MarkupPart[];

/**
 * Template tag: `` markup`<b title="${name}">${text}</b>` ``.
 * @throws where a value would stand outside quotes within a tag, or begin an address, where no
 *   escaping helps; HTML made by the tag may, since its maker has thought of it.
 */
export function markup(fixed: TemplateStringsArray, ...values: MarkupPart[]): Markup {
  return Markup.made(fixed, values);
}

function written(value: MarkupPart): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(written).join('');
  return escaped(String(value));
}

/** For text and for values of attributes in quotes. */
function escaped(text: string): string {
  return quoted(show(text));
}

function quoted(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (mark) => entities[mark] ?? mark);
}

/** Tags that are whole, and comments, so that what is left of a text is the tag it ends in. */
const wholeTags = /<!--[^]*?-->|<\/?[a-z](?:[^"'>]|"[^"]*"|'[^']*')*>|<!doctype[^>]*>/gi;

/** Attributes whose value is an address, a style or code from its first character on. */
const addresses = /\s(?:href|src|srcset|action|formaction|data|style|on\w+)=["']$/i;

/** Elements whose content is no HTML. */
const foreign = /<(script|style)\b[^>]*>(?![^]*<\/\1)/i;

/** Whether the value after the part with that index stands where escaping helps. */
function refuseOpenPlace(fixed: TemplateStringsArray, index: number): void {
  // Values before it are text or whole pieces of HTML, so that they open nothing.
  const before = fixed.slice(0, index + 1).join('');
  const tag = /<(?:\/?[a-z!][^]*)?$/i.exec(before.replace(wholeTags, ''))?.[0];
  const inQuotes = tag !== undefined && /["']/.test(tag.replace(/"[^"]*"|'[^']*'/g, ''));
  const isOpen = tag !== undefined && (!inQuotes || addresses.test(tag));
  if (!isOpen && !foreign.test(before)) return;
  throw new Error(
    `markup: a value has no safe place after "${before.slice(-40)}"; put it in quotes, or make it with markup`,
  );
}

/** A style element of one's own rules. Inside them a backslash before a slash changes nothing. */
export function styleElement(rules: string): Markup {
  return Markup.style(rules.replace(/<\//g, '<\\/'));
}

/** A script element of one's own code. Inside strings and patterns `<\/script` means the same. */
export function scriptElement(code: string): Markup {
  return Markup.script(code.replace(/<\/script/gi, '<\\/script').replace(/<!--/g, '<\\!--'));
}

/** Data for scripts, in an element with that id. @param id without marks of HTML */
export function dataElement(id: string, value: unknown): Markup {
  if (!/^[\w-]+$/.test(id)) throw new Error(`markup: ${id} is no id (expected letters and digits)`);
  const json = JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, escapedUnit);
  return Markup.script(json, ` type="application/json" id="${id}"`);
}

/** JSON's own escape. */
function escapedUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A whole document as the value of `srcdoc`. */
export function documentValue(html: string): Markup {
  return Markup.quoted(html);
}
