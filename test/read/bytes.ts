/** Files made byte by byte, as other tools write them. */

export type Item = string | Uint8Array | { u8: number } | { u16: number } | { u32: number } | { u64: number } | { i32: number } | { f32: number } | { f64: number }; // prettier-ignore

/** Bytes of a sequence: texts as they are, numbers little-endian. */
export function bytesOf(...items: readonly Item[]): Uint8Array {
  const parts = items.map((item) => {
    if (typeof item === 'string') return new TextEncoder().encode(item);
    if (item instanceof Uint8Array) return item;
    const view = new DataView(new ArrayBuffer(8));
    let size = 4;
    if ('u8' in item) {
      size = 1;
      view.setUint8(0, item.u8);
    } else if ('u16' in item) {
      size = 2;
      view.setUint16(0, item.u16, true);
    } else if ('u32' in item) view.setUint32(0, item.u32, true);
    else if ('i32' in item) view.setInt32(0, item.i32, true);
    else if ('f32' in item) view.setFloat32(0, item.f32, true);
    else if ('f64' in item) {
      size = 8;
      view.setFloat64(0, item.f64, true);
    } else {
      size = 8;
      view.setBigUint64(0, BigInt(item.u64), true);
    }
    return new Uint8Array(view.buffer, 0, size);
  });
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A length and a text, as GGUF has them. */
export function ggufText(text: string): Uint8Array {
  return bytesOf({ u64: text.length }, text);
}

export interface VectorFile {
  architecture?: string;
  /** Type and value of layer_count. */
  layerCount?: Item[];
  /** Further keys: name, type, value. */
  extra?: Item[][];
  tensors: { name: string; values: number[]; type?: number; shape?: number[]; offset?: number }[];
}

/** A GGUF control vector as the specification has it, version 3. */
export function vectorFile(file: VectorFile): Uint8Array {
  const { architecture = 'controlvector', layerCount, extra = [], tensors } = file;
  const count = layerCount ? [[ggufText('controlvector.layer_count'), ...layerCount]] : [];
  const values = [
    [ggufText('general.architecture'), { u32: 8 }, ggufText(architecture)],
    [ggufText('controlvector.model_hint'), { u32: 8 }, ggufText('llama')],
    ...count,
    ...extra,
  ];
  const align = (bytes: Uint8Array): Uint8Array =>
    bytesOf(bytes, new Uint8Array((32 - (bytes.length % 32)) % 32));
  let offset = 0;
  const infos = tensors.map(({ name, values: numbers, type = 0, shape, offset: given }) => {
    const dimensions = shape ?? [numbers.length];
    const info = bytesOf(
      ggufText(name),
      { u32: dimensions.length },
      ...dimensions.map((n) => ({ u64: n })),
      { u32: type },
      { u64: given ?? offset },
    );
    offset += align(bytesOf(...numbers.map((f32) => ({ f32 })))).length;
    return info;
  });
  const head = bytesOf('GGUF', { u32: 3 }, { u64: tensors.length }, { u64: values.length });
  return bytesOf(
    align(bytesOf(head, ...values.flat(), ...infos)),
    ...tensors.map(({ values: numbers }) => align(bytesOf(...numbers.map((f32) => ({ f32 }))))),
  );
}

/** A `.npy` file with any header and data. */
export function npyFile(header: string, ...data: readonly Item[]): Uint8Array {
  return bytesOf({ u8: 0x93 }, 'NUMPY', { u8: 1 }, { u8: 0 }, { u16: header.length }, header, ...data); // prettier-ignore
}
