/**
 * Reads through protobuf's wire format before a message is built from it, so that a file of a few
 * megabytes can neither fill the memory with empty messages nor nest until the stack is full.
 *
 * protobuf-es takes a field whatever its wire type, and lets a message run past the end of the one
 * around it; ONNX Runtime's parser does not. What passes here means the same to both.
 */
import { ScalarType } from '@bufbuild/protobuf';
import type { DescField, DescMessage } from '@bufbuild/protobuf';

/** Messages within messages. A subgraph takes three; real decoders need about 12. */
const maxDepth = 64;
/** Bytes of the objects made of a graph; 50,000 nodes with their shapes take about 300 MB. */
const maxObjectBytes = 2 ** 29;
/** Estimates of what V8 needs for one part, measured with Node 20 and rounded up. */
const objectBytes = { message: 400, view: 120, text: 48, bigint: 40, number: 8, unknown: 160 };

const varint = 0;
const fixed64 = 1;
const delimited = 2;
const fixed32 = 5;

/** How a field is written, and what it becomes. */
interface Rule {
  wire: number;
  repeated: boolean;
  /** Bytes in memory of one value. */
  bytes: number;
  /** Null where the field is no message. */
  message: DescMessage | null;
}

/**
 * Checks the bytes of a message.
 *
 * @throws Error where they are cut off, contradict the message's schema, nest too deep or would
 * take too much memory
 */
export function checkWire(bytes: Uint8Array, schema: DescMessage): void {
  const cursor = new Cursor(bytes);
  const open = [{ rules: rulesOf(schema), end: bytes.length }];
  let memory = 0;
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (cursor.at === top.end) {
      open.pop();
      continue;
    }
    const { field, wire } = cursor.tag(top.end);
    const rule = top.rules.get(field);
    if (rule?.message && wire === delimited) {
      const end = cursor.delimited(top.end);
      open.push({ rules: rulesOf(rule.message), end });
      if (open.length > maxDepth) throw tooDeep();
      memory += rule.bytes;
    } else {
      memory += cursor.value({ rule, wire, field, end: top.end });
    }
    if (memory > maxObjectBytes) throw tooLarge(cursor.at, bytes.length);
  }
}

/** A position in the bytes, which goes forward only. */
class Cursor {
  at = 0;

  constructor(readonly bytes: Uint8Array) {}

  tag(end: number): { field: number; wire: number } {
    const tag = this.#varint(end);
    return { field: Math.floor(tag / 8), wire: tag % 8 };
  }

  /** Reads a length; returns where what has it ends. */
  delimited(end: number): number {
    const length = this.#varint(end);
    if (length > end - this.at) {
      throw damaged(`cut off: ${length} bytes announced at ${this.at}, ${end - this.at} left`);
    }
    return this.at + length;
  }

  /** Skips a value; returns what it takes in memory. */
  value(field: { rule: Rule | undefined; wire: number; field: number; end: number }): number {
    const { rule, wire, end } = field;
    if (wire === delimited) {
      const after = this.delimited(end);
      const from = this.at;
      this.at = after;
      if (rule === undefined) return objectBytes.unknown;
      if (rule.wire === delimited) return rule.bytes;
      if (rule.repeated) return rule.bytes * this.#packed(rule.wire, from, after);
    } else {
      this.#scalar(wire, end);
      if (rule === undefined) return objectBytes.unknown;
      if (rule.wire === wire) return rule.bytes;
    }
    throw damaged(`field ${field.field} before byte ${this.at} has wire type ${wire}`);
  }

  /** How many values a packed field holds. */
  #packed(wire: number, from: number, end: number): number {
    const size = wire === fixed64 ? 8 : 4;
    if (wire !== varint) {
      if ((end - from) % size !== 0) throw damaged(`half a number before byte ${end}`);
      return (end - from) / size;
    }
    let count = 0;
    this.at = from;
    for (; this.at < end; count++) this.#skipVarint(end);
    return count;
  }

  #scalar(wire: number, end: number): void {
    if (wire === varint) {
      this.#skipVarint(end);
      return;
    }
    if (wire !== fixed64 && wire !== fixed32) {
      throw damaged(`wire type ${wire} before byte ${this.at}`);
    }
    const after = this.at + (wire === fixed64 ? 8 : 4);
    if (after > end) throw damaged(`cut off in a number at byte ${this.at}`);
    this.at = after;
  }

  #skipVarint(end: number): void {
    const last = Math.min(end, this.at + 10);
    while (this.at < last) if ((this.bytes[this.at++] ?? 0) < 128) return;
    throw damaged(`cut off in a number at byte ${this.at}`);
  }

  /** A tag or a length: what does not fit into 32 bits is neither. */
  #varint(end: number): number {
    let value = 0;
    for (let scale = 1; this.at < end; scale *= 128) {
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte % 128) * scale;
      if (value >= 2 ** 32) throw damaged(`a number too large at byte ${this.at}`);
      if (byte < 128) return value;
      if (scale >= 2 ** 63) break;
    }
    throw damaged(`cut off in a number at byte ${this.at}`);
  }
}

const known = new WeakMap<DescMessage, Map<number, Rule>>();

function rulesOf(schema: DescMessage): Map<number, Rule> {
  const made = known.get(schema);
  if (made !== undefined) return made;
  const rules = new Map(schema.fields.map((field) => [field.number, ruleOf(field)]));
  known.set(schema, rules);
  return rules;
}

function ruleOf(field: DescField): Rule {
  const repeated = field.fieldKind === 'list';
  if (field.message) {
    return { wire: delimited, repeated, bytes: objectBytes.message, message: field.message };
  }
  const [wire, bytes] = scalars.get(field.scalar ?? ScalarType.INT32) ?? [varint, 8];
  return { wire, repeated, bytes, message: null };
}

/** Wire type and memory; ONNX has no other scalars that are not varints of 32 bits. */
const scalars = new Map<ScalarType, readonly [number, number]>([
  [ScalarType.STRING, [delimited, objectBytes.text]],
  [ScalarType.BYTES, [delimited, objectBytes.view]],
  [ScalarType.INT64, [varint, objectBytes.bigint]],
  [ScalarType.UINT64, [varint, objectBytes.bigint]],
  [ScalarType.FLOAT, [fixed32, objectBytes.number]],
  [ScalarType.DOUBLE, [fixed64, objectBytes.number]],
]);

function damaged(reason: string): Error {
  return new Error(`model: not an ONNX model, cut off or damaged (${reason}); check the file`);
}

function tooDeep(): Error {
  return new Error(
    `model: nested too deep (expected at most ${maxDepth} messages within each other); export it with fewer subgraphs inside subgraphs`,
  );
}

function tooLarge(at: number, length: number): Error {
  return new Error(
    `model: too many parts (expected at most ${maxObjectBytes / 2 ** 20} MB in memory, got more in the first ${at} of ${length} bytes); store its weights as raw or external data`,
  );
}
