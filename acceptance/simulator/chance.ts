/**
 * All chance of a run follows from its seed. What may go wrong is drawn by name, not in turn: whether the third append
 * to a stream loses its answer does not depend on what was drawn elsewhere. So a case keeps failing while everything
 * that has nothing to do with it is taken away.
 */

/** 32 bits of which each depends on every bit of both numbers: the finalizer of MurmurHash3 (Austin Appleby). */
export function mixed(seed: number, value: number): number {
  let bits = (seed ^ Math.imul(value, 0x9e3779b1)) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** 32 bits of a text: FNV-1a. */
export function hashOf(text: string): number {
  let bits = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    bits = Math.imul(bits ^ text.charCodeAt(index), 0x01000193);
  }
  return bits >>> 0;
}

/** From [0, 1). */
export const share = (bits: number): number => bits / 0x1_0000_0000;

/** Numbers in turn: sfc32 of PractRand (Chris Doty-Humphrey). */
export class Dice {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = mixed(seed, 1) | 0;
    this.#c = mixed(seed, 2) | 0;
    for (let round = 0; round < 12; round++) this.bits();
  }

  bits(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** From [0, 1). */
  readonly random = (): number => share(this.bits());

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  happens(probability: number): boolean {
    return this.random() < probability;
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[Math.floor(this.random() * items.length)] ?? items[0];
  }
}
