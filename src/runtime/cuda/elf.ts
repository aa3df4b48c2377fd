/** What a shared library of Linux says it needs: the dynamic section of a 64-bit ELF file. */

/** Reads `length` bytes from an offset; fewer at the end. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

interface Segment {
  type: number;
  offset: number;
  address: number;
  size: number;
}

const [load, dynamic] = [1, 2];
const [needed, stringTable] = [1, 5];
/** Far more than any library has; the file may be damaged. */
const mostSegments = 64;
const mostBytes = 2 ** 24;

/**
 * File names that the loader looks for, in the file's order.
 * @throws where the file is no 64-bit little-endian ELF file with a dynamic section
 */
export function neededLibraries(read: ReadAt): string[] {
  const segments = readSegments(read);
  const section = segments.find(({ type }) => type === dynamic);
  if (!section || section.size > mostBytes) throw new Error('elf: no dynamic section');
  const entries = view(read(section.offset, section.size));
  const names: number[] = [];
  let strings: number | null = null;
  for (let at = 0; at + 16 <= entries.byteLength; at += 16) {
    const [tag, value] = [number(entries, at), number(entries, at + 8)];
    if (tag === needed) names.push(value);
    if (tag === stringTable) strings = value;
  }
  if (strings === null) throw new Error('elf: no table of names');
  const table = fileOffset(segments, strings);
  return names.map((name) => text(read(table + name, 256)));
}

function readSegments(read: ReadAt): Segment[] {
  const head = view(read(0, 64));
  const isElf = head.byteLength === 64 && head.getUint32(0) === 0x7f454c46;
  if (!isElf || head.getUint8(4) !== 2 || head.getUint8(5) !== 1) {
    throw new Error('elf: not a 64-bit shared library of Linux');
  }
  const [size, count] = [head.getUint16(54, true), head.getUint16(56, true)];
  if (size < 56 || count > mostSegments) throw new Error('elf: damaged header');
  const table = view(read(number(head, 32), size * count));
  return Array.from({ length: Math.floor(table.byteLength / size) }, (_, i) => ({
    type: table.getUint32(i * size, true),
    offset: number(table, i * size + 8),
    address: number(table, i * size + 16),
    size: number(table, i * size + 32),
  }));
}

/** Where in the file lies what is loaded at an address. */
function fileOffset(segments: readonly Segment[], address: number): number {
  const holder = segments.find(
    (s) => s.type === load && address >= s.address && address < s.address + s.size,
  );
  if (!holder) throw new Error('elf: the table of names is not in the file');
  return holder.offset + address - holder.address;
}

function view({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function number(from: DataView, at: number): number {
  return Number(from.getBigUint64(at, true));
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.subarray(0, end < 0 ? bytes.length : end));
}
