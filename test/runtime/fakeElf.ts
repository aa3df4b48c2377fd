/** A shared library of Linux with nothing but what it needs: one segment, loaded at 0x1000, with the dynamic section in it. */
export function fakeElf(names: readonly string[]): Uint8Array {
  const bytes = new Uint8Array(1024);
  const view = new DataView(bytes.buffer);
  const set = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), true);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  set(32, 64);
  view.setUint16(54, 56, true);
  view.setUint16(56, 2, true);
  const segment = (i: number, type: number, offset: number, size: number): void => {
    const at = 64 + 56 * i;
    view.setUint32(at, type, true);
    set(at + 8, offset);
    set(at + 16, 0x1000 + offset);
    set(at + 32, size);
  };
  segment(0, 1, 0, 1024);
  segment(1, 2, 256, 16 * (names.length + 1));
  let text = 512;
  names.forEach((name, i) => {
    set(256 + 16 * i, 1);
    set(264 + 16 * i, text - 512);
    bytes.set(new TextEncoder().encode(`${name}\0`), text);
    text += name.length + 1;
  });
  set(256 + 16 * names.length, 5);
  set(264 + 16 * names.length, 0x1000 + 512);
  return bytes;
}
