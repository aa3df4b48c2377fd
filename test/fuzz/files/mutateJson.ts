/** Damage to JSON and JSON Lines that keeps most of them readable: the shape is wrong, not the text. */
import type { Random } from '../../../src/math/random.js';

type Holder = Record<string, unknown> | unknown[];

/** Stand-ins for what JSON cannot say; they are written as the text beside them. */
const raws: Readonly<Record<string, string>> = {
  '@nan': 'NaN',
  '@infinity': '1e999',
  '@negative zero': '-0',
  '@twice': '1, "same": 2',
  '@surrogate': '"\\ud800"',
};

const odd: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 2, 1.5, 1e308, 2 ** 31, 2 ** 53, -1e-7],
  ...['', ' ', 'x', '0', '-1', 'null', '__proto__', 'constructor', '\u0000', '\u202e', 'é'],
  ...['../../etc/passwd', 'a'.repeat(5000), '(', '(a+)+$', '[^', '\\p{L}+', '▁', '{{', '{% for %}'],
  ...[[], {}, [null], [[]], [{}], { a: 1 }, { length: 3 }, { type: 'x' }, { content: null }],
  ...Object.keys(raws),
];

/** One of its own: what is put into a document is changed with it. */
function oddValue(random: Random): unknown {
  return structuredClone(random.pick(odd));
}

const keys = [
  ...['__proto__', 'constructor', 'toString', 'length', 'type', 'id', 'x', '', '0'],
  'k'.repeat(5000),
];

/** 1 to 3 changes somewhere in the document. */
export function mutateJson(random: Random, text: string): string {
  const root = { root: JSON.parse(text) as unknown };
  for (let left = random.pick([1, 1, 1, 2, 3]); left > 0; left--) mutate(random, root);
  return written(root.root);
}

/** The same, in one of the lines; or lines are lost, doubled or torn. */
export function mutateLines(random: Random, text: string): string {
  const lines = text.split('\n').filter((line) => line !== '');
  const at = random.integer(lines.length);
  const line = lines[at] ?? '';
  const put = (...others: string[]): string[] => lines.toSpliced(at, 1, ...others);
  const changed = random.pick([
    () => put(mutateJson(random, line)),
    () => put(mutateJson(random, line)),
    () => put(mutateJson(random, line)),
    () => put(),
    () => put(line, line),
    () => put(line.slice(0, random.integer(line.length))),
    () => put(JSON.stringify(oddValue(random))),
    () => [`[${lines.join(',')}]`],
  ])();
  return changed.join(random.pick(['\n', '\n', '\r\n', '\n\n'])) + random.pick(['\n', '']);
}

function written(value: unknown): string {
  const text = (JSON.stringify(value) as string | undefined) ?? 'null';
  return text.replace(/"(@[a-z ]+)"/g, (all, name: string) => raws[name] ?? all);
}

function mutate(random: Random, root: Holder): void {
  const holders: Holder[] = [];
  collect(root, holders);
  const holder = random.pick(holders);
  const places = Object.keys(holder);
  if (places.length === 0) return;
  const key = random.pick(places);
  const value: unknown = (holder as Record<string, unknown>)[key];
  const set = (to: unknown): void => {
    (holder as Record<string, unknown>)[key] = to;
  };
  random.pick<() => void>([
    () => set(oddValue(random)),
    () => set(oddValue(random)),
    () => set([value]),
    () => set({ [random.pick(keys)]: value }),
    () => set(JSON.stringify(value)),
    () => set(nested(value, 300)),
    () => remove(holder, key),
    () => remove(holder, key),
    () => add(random, holder, value),
    () => rename(random, holder, key),
    () => set(anotherValue(random, holders)),
  ])();
}

function collect(value: unknown, into: Holder[]): void {
  if (typeof value !== 'object' || value === null) return;
  into.push(value as Holder);
  // Of long lists and vocabularies a part is as good as the whole.
  for (const item of Object.values(value).slice(0, 60)) collect(item, into);
}

function nested(value: unknown, depth: number): unknown {
  let inner = value;
  for (let i = 0; i < depth; i++) inner = [inner];
  return inner;
}

function remove(holder: Holder, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}

function add(random: Random, holder: Holder, value: unknown): void {
  const added = random.pick([value, oddValue(random)]);
  if (Array.isArray(holder)) holder.push(added);
  else define(holder, random.pick(keys), added);
}

function rename(random: Random, holder: Holder, key: string): void {
  if (Array.isArray(holder)) return void holder.reverse();
  const value = holder[key];
  delete holder[key];
  define(holder, random.pick([`${key}s`, key.toUpperCase(), random.pick(keys)]), value);
}

/** `__proto__` as JSON.parse makes it: an own key. */
function define(holder: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(holder, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

function anotherValue(random: Random, holders: readonly Holder[]): unknown {
  const values: unknown[] = Object.values(random.pick(holders));
  // A copy: a ring cannot be written.
  return values.length === 0 ? null : structuredClone(random.pick(values));
}
