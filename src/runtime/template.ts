/**
 * Chat templates (Jinja) rendered within limits: they come with a model, from anyone, and can loop
 * without end or write without end. The limits are far from what templates of chats need.
 */
import * as jinja from '@huggingface/jinja';
import { bounded } from './bounded.js';

export interface TemplateLimits {
  /** Expressions and statements; a turn of a chat takes some hundred. Default 1 million. */
  steps: number;
  /** Characters of a text, and items of a list, at any time. Default 4 million. */
  size: number;
  /** Characters and items of all values taken together. Default 256 million. */
  total: number;
  /** Of the clock; what steps do not count ends here. Default 10. */
  seconds: number;
}

const defaultLimits: TemplateLimits = {
  steps: 1_000_000,
  size: 4_000_000,
  total: 256_000_000,
  seconds: 10,
};

/** Of one list, as in the sandbox of Python's jinja2. */
const mostRange = 100_000;

/** A parsed template. */
export type Program = object;

interface Environment {
  set(name: string, value: unknown): unknown;
}

interface Interpreter {
  run(program: Program): { value: unknown };
  evaluate(statement: unknown, environment: Environment): { value: unknown };
}

/** What the package exports; the imports in its types lead nowhere under NodeNext. */
interface Jinja {
  Environment: new () => Environment;
  Interpreter: new (environment: Environment) => Interpreter;
  parse: (tokens: unknown) => Program;
  tokenize: (source: string, how: { lstrip_blocks: boolean; trim_blocks: boolean }) => unknown;
}

const { Environment, Interpreter, parse, tokenize } = jinja as unknown as Jinja;

/** Reads a template once, with blocks trimmed as Python's transformers does. */
export function parseTemplate(source: string, limits = defaultLimits): Program {
  const options = { lstrip_blocks: true, trim_blocks: true };
  return bounded(() => parse(tokenize(source, options)), limitOf(limits));
}

/**
 * The text that a template makes of its variables.
 * @throws what the template raises, and where it exceeds a limit.
 */
export function renderTemplate(
  program: Program,
  variables: Readonly<Record<string, unknown>>,
  limits = defaultLimits,
): string {
  const environment = new Environment();
  for (const [name, value] of Object.entries({ ...globals, ...variables })) {
    environment.set(name, value);
  }
  const interpreter = new BoundedInterpreter(environment, limits);
  const { value } = bounded(() => interpreter.run(program), limitOf(limits));
  if (typeof value === 'string') return value;
  throw new Error('it gave no text');
}

function limitOf({ seconds }: TemplateLimits): { seconds: number; what: string } {
  return { seconds, what: 'it' };
}

const globals: Readonly<Record<string, unknown>> = {
  false: false,
  true: true,
  none: null,
  False: false,
  True: true,
  None: null,
  raise_exception(message: unknown): never {
    throw new Error(String(message));
  },
  range: boundedRange,
};

/** Counts what is evaluated, and measures what comes of it. */
class BoundedInterpreter extends Interpreter {
  readonly #limits: TemplateLimits;
  #steps = 0;
  #total = 0;

  constructor(environment: Environment, limits: TemplateLimits) {
    super(environment);
    this.#limits = limits;
  }

  override evaluate(statement: unknown, environment: Environment): { value: unknown } {
    const { steps, size, total } = this.#limits;
    if (++this.#steps > steps) throw new Error(`it takes more than ${steps} steps`);
    const result = super.evaluate(statement, environment);
    const { value } = result;
    if (typeof value === 'string' || Array.isArray(value)) {
      this.#total += value.length;
      if (value.length > size || this.#total > total) {
        throw new Error(`it writes more than ${value.length > size ? size : total} characters`);
      }
    }
    return result;
  }
}

function boundedRange(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!Number.isInteger(length)) throw new Error('range() arg 3 must not be zero');
  if (length > mostRange) throw new Error(`range() is longer than ${mostRange}`);
  return Array.from({ length }, (_, i) => from + i * step);
}
