/** Some 2 MB at most: more streams than are written to at the same time. */
const CAPACITY = 10_000;

/**
 * Last revisions of the streams that were asked for or written to of late. On disk each is the last key of a range,
 * and finding it costs as much as all else that an append decides.
 */
export class LastRevisions {
  private readonly byStream = new Map<string, number>();

  get(stream: string): number | undefined {
    return this.byStream.get(stream);
  }

  set(stream: string, revision: number): void {
    this.byStream.set(stream, revision);
    if (this.byStream.size <= CAPACITY) return;
    for (const oldest of this.byStream.keys()) {
      this.byStream.delete(oldest);
      break;
    }
  }
}
