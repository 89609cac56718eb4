import { BoundedCache } from '@orders/shared-events/transport/bounded-cache.js';

/** More streams than are written to at the same time; with the longest of names some 6 MB. */
const CAPACITY = 10_000;
/** Longer names are looked up each time, so that what is kept is bounded; in UTF-16 units. */
const LONGEST_NAME = 256;

/**
 * Last revisions of the streams that were asked for or written to of late. On disk each is the last key of a range,
 * and finding it costs as much as all else that an append decides.
 */
export class LastRevisions {
  private readonly byStream = new BoundedCache<string, number>(CAPACITY);

  get(stream: string): number | undefined {
    return this.byStream.get(stream);
  }

  set(stream: string, revision: number): void {
    if (stream.length <= LONGEST_NAME) this.byStream.set(stream, revision);
  }
}
