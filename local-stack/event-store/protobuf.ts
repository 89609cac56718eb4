/**
 * The few protobuf primitives that the hot path needs. Every event is decoded and encoded once, when it
 * is appended; the generated classes would cost more there than the rest of the append together.
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

  varintField(field: number, value: number): void {
    this.byte(varintField(field));
    this.varint(value);
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

const LONGEST_VARINT = 10;

/** Reads a message field by field. Throws a RangeError where it is no such message. */
export class ProtobufReader {
  private position = 0;
  private wireType = 0;
  /** Of the varint that was read last. */
  private start = 0;

  constructor(private readonly buffer: Buffer) {}

  /** Number of the next field, 0 at the end. Its value has to be read, or skipped, before the next one. */
  field(): number {
    if (this.position === this.buffer.length) return 0;
    const tag = this.readVarint();
    this.wireType = tag % 8;
    return Math.floor(tag / 8);
  }

  /** Exact up to 2^53. */
  varint(): number {
    this.expect(0);
    this.start = this.position;
    return this.readVarint();
  }

  /** A signed one, exact up to 2^53 on either side of 0. */
  int64(): number {
    const value = this.varint();
    return value < 2 ** 63 ? value : Number(BigInt.asIntN(64, this.again()));
  }

  /** Exact throughout. */
  uint64(): bigint {
    const value = this.varint();
    return Number.isSafeInteger(value) ? BigInt(value) : BigInt.asUintN(64, this.again());
  }

  /** Content of a message, a string or bytes; it shares memory with the message around it. */
  bytes(): Buffer {
    this.expect(2);
    return this.take(this.readVarint());
  }

  skip(): void {
    if (this.wireType === 0) this.readVarint();
    else if (this.wireType === 1) this.take(8);
    else if (this.wireType === 2) this.take(this.readVarint());
    else if (this.wireType === 5) this.take(4);
    else throw new RangeError(`${this.wireType} is no type of a field`);
  }

  private expect(wireType: number): void {
    if (this.wireType !== wireType) throw new RangeError('a field of another type is expected');
  }

  private take(length: number): Buffer {
    const start = this.position;
    this.position += length;
    if (this.position > this.buffer.length) throw new RangeError('the message ends too early');
    return this.buffer.subarray(start, this.position);
  }

  private readVarint(): number {
    let value = 0;
    let factor = 1;
    for (let length = 1; length <= LONGEST_VARINT; length++) {
      const byte = this.buffer[this.position++];
      if (byte === undefined) throw new RangeError('the message ends too early');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
    throw new RangeError('a number is too long');
  }

  /** The varint that has just been read, with all its digits. */
  private again(): bigint {
    let value = 0n;
    for (let at = this.position - 1; at >= this.start; at--)
      value = (value << 7n) | BigInt((this.buffer[at] ?? 0) & 0x7f);
    return value;
  }
}
