/** Pieces that the schemas share. */

/** A JSON Schema (draft 2020-12 in the subset that draft 7 shares). */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

const nullable = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: 'null' }] });

export const text: JsonSchema = { type: 'string' };
export const number: JsonSchema = { type: 'number' };
export const numberOrNull: JsonSchema = { type: ['number', 'null'] };
export const count: JsonSchema = { type: 'integer', minimum: 0 };
export const numbers: JsonSchema = { type: 'array', items: number };
export const openObject: JsonSchema = { type: 'object' };
export const timing: JsonSchema = { type: 'object', additionalProperties: number };

/** A fraction 0–1, null where undefined. */
export const rate: JsonSchema = { type: ['number', 'null'], minimum: 0, maximum: 1 };

export const pair: JsonSchema = { type: 'array', items: number, minItems: 2, maxItems: 2 };

/** `[low, high]`, 95 %, null where undefined. */
export const ci: JsonSchema = nullable(pair);

/** Every required key, any of the optional ones, no other. */
export function record(
  required: Record<string, JsonSchema>,
  optional: Record<string, JsonSchema> = {},
): JsonSchema {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  };
}

export function list(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

/** A schema under its own name. */
export function titled(title: string, description: string, schema: JsonSchema): JsonSchema {
  return { $schema: 'http://json-schema.org/draft-07/schema#', title, description, ...schema };
}

/** Held-out accuracy of one direction method, layer by layer. */
export const methodAccuracy: JsonSchema = record({
  method: text,
  n: count,
  perLayer: list(record({ layer: count, heldOutAccuracy: rate, ci })),
});
