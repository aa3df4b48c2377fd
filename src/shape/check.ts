/** Reading what a shape describes: the value with its type, or an error that names the place. */
import { z } from 'zod';
import { shownName } from '../text/given.js';

/** Faults that are named; of a file of another kind every key is one. */
const mostFaults = 3;

/**
 * The value as the shape has it.
 * @param what begins the error, e.g. `plot: runs/a/scan.json`
 * @throws naming the first places that do not fit, what is expected there and what is found.
 */
export function checked<T>(shape: z.ZodType<T>, value: unknown, what: string): T {
  const result = shape.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw new Error(`${what} ${faultsOf(result.error)}`);
}

/** `does not fit: perLayer[0].ci is "x" (expected …)`, in one line. */
function faultsOf(error: z.ZodError): string {
  const faults = error.issues.flatMap(describe);
  const more = faults.length > mostFaults ? `; and ${faults.length - mostFaults} more` : '';
  return `does not fit its shape: ${faults.slice(0, mostFaults).join('; ')}${more}`;
}

function describe(issue: z.core.$ZodIssue): string[] {
  const place = placeOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${placeOf([...issue.path, key])} is not known`);
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    return closest(issue.errors).flatMap((inner) =>
      describe({ ...inner, path: [...issue.path, ...inner.path] }),
    );
  }
  const found = issue.input === undefined ? 'is missing' : `is ${shown(issue.input)}`;
  // What is found stands there already.
  const expected = issue.message
    .replace(/^Invalid (input|option): /, '')
    .replace(/, received \w+$/, '');
  return [`${place} ${found} (${expected})`];
}

/** Of several shapes, the one that the value is most likely meant to have: it knows most of its keys. */
function closest(errors: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] {
  const strange = (issues: readonly z.core.$ZodIssue[]): number =>
    issues.reduce((sum, one) => sum + (one.code === 'unrecognized_keys' ? one.keys.length : 0), 0);
  return errors.reduce((best, next) => (strange(next) < strange(best) ? next : best));
}

function placeOf(path: readonly PropertyKey[]): string {
  const joined = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
  return shownName(joined.join('').replace(/^\./, '')) || 'the whole';
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** The JSON Schema (draft 7) of a shape, under its file's name. */
export function jsonSchema(shape: z.ZodType, title: string, description: string): object {
  const { $schema, ...schema } = z.toJSONSchema(shape, { target: 'draft-7', io: 'output' });
  return { $schema, title, description, ...schema };
}
