/**
 * Leaves only one architecture's GPU code in a library's `.nv_fatbin` section, for measurements on
 * one kind of GPU: the other code becomes zeros, which compress to nothing; every header stays.
 *
 * The section is a row of containers (magic 0xBA55ED50: version u16, header size u16, size u64) of
 * entries (kind u16, version u16, header size u32, payload size u64, …, architecture u32 at 28).
 * The layout is not documented by NVIDIA; it was read off libraries of CUDA 12 and 13.
 */

const magic = 0xba55ed50;

export interface Pruned {
  /** Containers that hold code of the architecture. */
  kept: number;
  /** Bytes that are zeros now. */
  zeroed: number;
}

/**
 * @param library an ELF file; changed in place
 * @param architecture e.g. 90
 * @throws where there is no such section, or no container holds the architecture
 */
export function pruneFatbin(library: Uint8Array, architecture: number): Pruned {
  const view = new DataView(library.buffer, library.byteOffset, library.length);
  const section = findSection(view, '.nv_fatbin');
  const end = section.offset + section.size;
  const result: Pruned = { kept: 0, zeroed: 0 };
  for (let at = section.offset; at + 16 <= end;) {
    if (view.getUint32(at, true) !== magic) {
      at += 8;
      continue;
    }
    const from = at + view.getUint16(at + 6, true);
    at = from + Number(view.getBigUint64(at + 8, true));
    const entries = readEntries(view, from, Math.min(at, end));
    // Without code of the architecture the container's other code may be what is compiled for it.
    if (!entries.some((entry) => entry.architecture === architecture)) continue;
    result.kept++;
    for (const entry of entries) {
      if (entry.architecture === architecture) continue;
      library.fill(0, entry.payload, entry.payload + entry.size);
      result.zeroed += entry.size;
    }
  }
  if (result.kept === 0) throw new Error(`fatbin: no code for architecture ${architecture}`);
  return result;
}

function readEntries(
  view: DataView,
  from: number,
  end: number,
): { architecture: number; payload: number; size: number }[] {
  const entries = [];
  for (let at = from; at + 64 <= end;) {
    const payload = at + view.getUint32(at + 4, true);
    const size = Number(view.getBigUint64(at + 8, true));
    entries.push({ architecture: view.getUint32(at + 28, true), payload, size });
    at = payload + size;
  }
  return entries;
}

function findSection(view: DataView, wanted: string): { offset: number; size: number } {
  const table = Number(view.getBigUint64(40, true));
  const [entry, count, names] = [58, 60, 62].map((at) => view.getUint16(at, true));
  const at = (i: number): number => table + i * (entry ?? 64);
  const strings = Number(view.getBigUint64(at(names ?? 0) + 24, true));
  for (let i = 0; i < (count ?? 0); i++) {
    const name = strings + view.getUint32(at(i), true);
    const same = [...`${wanted}\0`].every((c, k) => view.getUint8(name + k) === c.charCodeAt(0));
    if (!same) continue;
    const [offset, size] = [24, 32].map((more) => Number(view.getBigUint64(at(i) + more, true)));
    return { offset: offset ?? 0, size: size ?? 0 };
  }
  throw new Error(`fatbin: no section ${wanted}`);
}
