/** Records as Parquet: a row a record, a column for every key that their shapes know. */
import { ByteWriter, parquetWriteRows } from 'hyparquet-writer';
import { z } from 'zod';
import { openDraft, type Draft } from '../disk/atomic.js';

export interface ParquetColumn {
  name: string;
  /** `JSON`: what holds several values, or is not always of one type. */
  type: 'BOOLEAN' | 'DOUBLE' | 'STRING' | 'JSON';
}

/** As much of a JSON Schema as tells the type of a value. */
interface Schema {
  type?: string | string[];
  const?: unknown;
  properties?: Record<string, Schema>;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

const types: Readonly<Record<string, ParquetColumn['type']>> = {
  boolean: 'BOOLEAN',
  integer: 'DOUBLE',
  number: 'DOUBLE',
  string: 'STRING',
};

/** The keys of the shapes, in their order; one that has two types is JSON. */
export function columnsOf(shapes: readonly z.ZodType[]): ParquetColumn[] {
  const found = new Map<string, ParquetColumn['type']>();
  for (const shape of shapes) {
    for (const { properties = {} } of optionsOf(
      z.toJSONSchema(shape, { io: 'output' }) as Schema,
    )) {
      for (const [name, schema] of Object.entries(properties)) {
        const type = typeOf(schema);
        const known = found.get(name) ?? type;
        found.set(name, known === type ? type : 'JSON');
      }
    }
  }
  return Array.from(found, ([name, type]) => ({ name, type }));
}

/** Of a union, its members. */
function optionsOf(schema: Schema): Schema[] {
  const options = schema.anyOf ?? schema.oneOf;
  return options ? options.flatMap(optionsOf) : [schema];
}

/** What may be missing is null. */
function typeOf(schema: Schema): ParquetColumn['type'] {
  const named = optionsOf(schema).flatMap((option) => option.type ?? typeof option.const);
  const all = new Set(named.flatMap((name) => (name === 'null' ? [] : [types[name] ?? 'JSON'])));
  const [type = 'JSON'] = all;
  return all.size === 1 ? type : 'JSON';
}

/** Rows that are held at once. */
const together = 10_000;

/**
 * Writes the file, whole or not at all.
 * @param rows plain JSON; what has no column is left out
 * @throws where the file cannot be written; what the rows throw.
 */
export async function writeParquet(
  path: string,
  {
    columns,
    rows,
  }: { columns: readonly ParquetColumn[]; rows: AsyncIterable<Record<string, unknown>> },
): Promise<void> {
  const draft = await openDraft(path, 'records');
  try {
    await parquetWriteRows({
      ...{ writer: writerTo(draft), rows, rowGroupSize: together, createdBy: 'aligner-lab' },
      columns: columns.map(({ name, type }) => ({ name, type, nullable: true })),
    });
    await draft.keep();
  } finally {
    await draft.drop();
  }
}

/** What is written goes on to the file after every group of rows. */
function writerTo(draft: Draft): ByteWriter & { flush(): Promise<void> } {
  const writer = new ByteWriter();
  const flush = async (): Promise<void> => {
    const bytes = writer.getBytes().slice();
    writer.index = 0;
    await draft.write(bytes);
  };
  return Object.assign(writer, { flush, finish: flush });
}
