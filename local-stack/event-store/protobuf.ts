/**
 * The few protobuf primitives that the hot path needs. Every event is encoded once, when it is
 * appended; the generated classes would cost more there than the rest of the append together.
 * Numbers are non-negative integers up to 2^53 - 1 (varints are written without BigInt).
 */

/** Bytes that `value` takes as a varint. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Bytes that a length-delimited field with a one-byte tag takes around `length` bytes. */
export function fieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}

/** The tag byte of field 1 to 15. */
export function lengthDelimited(field: number): number {
  return (field << 3) | 2;
}

/** The tag byte of field 1 to 15. */
export function varintField(field: number): number {
  return field << 3;
}

/** Writes forwards into a buffer whose size the caller has computed. */
export class ProtobufWriter {
  position: number;

  constructor(
    readonly buffer: Buffer,
    start: number,
  ) {
    this.position = start;
  }

  byte(value: number): void {
    this.buffer[this.position++] = value;
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  /** A varint above 2^53; only the revision of a tombstone is. */
  bigVarint(value: bigint): void {
    let rest = value;
    while (rest >= 0x80n) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.byte(Number(rest));
  }

  /** Tag and length of a message, a string or bytes; the content follows. */
  open(field: number, length: number): void {
    this.byte(lengthDelimited(field));
    this.varint(length);
  }

  bytes(field: number, value: Uint8Array): void {
    this.open(field, value.length);
    this.buffer.set(value, this.position);
    this.position += value.length;
  }

  /** ASCII only, so that length in characters is length in bytes. */
  ascii(field: number, value: string): void {
    this.open(field, value.length);
    this.buffer.write(value, this.position, 'latin1');
    this.position += value.length;
  }
}
