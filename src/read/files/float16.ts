/** Numbers of two bytes, which typed arrays of Node 20 do not know. */

/** The number that the 16 bits of an IEEE 754 half-precision float stand for. */
export function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  // Without the hidden leading one, numbers below 2⁻¹⁴ fill the gap down to zero.
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new DataView(new ArrayBuffer(4));

/** The number that 16 bits of a bfloat16 stand for: the upper half of a float32. */
export function fromBfloat16(bits: number): number {
  word.setUint32(0, bits * 2 ** 16);
  return word.getFloat32(0);
}
