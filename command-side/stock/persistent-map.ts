/**
 * A map whose every version stays readable, at the cost of a mutable one while only the newest version is used.
 *
 * The newest version holds the entries; each older one holds the one change that leads from its successor back to
 * it. Reading an old version walks those changes and makes that version the holder (Baker's rerooting, as in
 * Conchon and Filliâtre, "A Persistent Union-Find Data Structure", 2007). A state with a hundred thousand
 * reservations is so folded event by event without a copy, and a decision that lost its race still sees what it saw.
 *
 * The empty version is nobody's predecessor: what grows from it shares no entries with what grew from it before.
 * One initial state serves all streams, and a chain that began there would tie them to each other's whole histories.
 */
export class PersistentMap<Key, Value> {
  #entries: Map<Key, Value> | undefined;
  #newer: PersistentMap<Key, Value> | undefined;
  #change: readonly [key: Key, value: Value | undefined] | undefined;

  private constructor(entries: Map<Key, Value>) {
    this.#entries = entries;
  }

  static empty<Key, Value>(): PersistentMap<Key, Value> {
    return new PersistentMap(new Map<Key, Value>());
  }

  /** Where a key comes twice, its last value counts. */
  static of<Key, Value>(entries: Iterable<readonly [Key, Value]>): PersistentMap<Key, Value> {
    return new PersistentMap(new Map(entries));
  }

  get size(): number {
    return this.#held().size;
  }

  get(key: Key): Value | undefined {
    return this.#held().get(key);
  }

  has(key: Key): boolean {
    return this.#held().has(key);
  }

  /** The entry that was added first among those held, as long as only newest versions were used. */
  first(): readonly [Key, Value] | undefined {
    const next = this.#held().entries().next();
    return next.done ? undefined : next.value;
  }

  with(key: Key, value: Value): PersistentMap<Key, Value> {
    return this.#changed(key, value);
  }

  without(key: Key): PersistentMap<Key, Value> {
    return this.has(key) ? this.#changed(key, undefined) : this;
  }

  /** All entries of this version, copied. */
  entries(): [Key, Value][] {
    return [...this.#held()];
  }

  #changed(key: Key, value: Value | undefined): PersistentMap<Key, Value> {
    const entries = this.#held();
    if (value !== undefined && entries.size === 0) return new PersistentMap(new Map([[key, value]]));
    const before = entries.get(key);
    put(entries, key, value);
    const next = new PersistentMap(entries);
    this.#entries = undefined;
    this.#newer = next;
    this.#change = [key, before];
    return next;
  }

  #held(): Map<Key, Value> {
    return this.#entries ?? PersistentMap.#reroot(this);
  }

  /** Takes the entries over from the newest version, undoing one change after the other on the way to `version`. */
  static #reroot<Key, Value>(version: PersistentMap<Key, Value>): Map<Key, Value> {
    const way: PersistentMap<Key, Value>[] = [];
    let holder = version;
    while (holder.#newer) {
      way.push(holder);
      holder = holder.#newer;
    }
    const entries = holder.#entries ?? new Map<Key, Value>();
    for (const older of way.reverse()) {
      holder.#undoTowards(older, entries);
      holder = older;
    }
    version.#entries = entries;
    return entries;
  }

  /** From here on `older` is the newer of the two: it leads back here by the change that is undone now. */
  #undoTowards(older: PersistentMap<Key, Value>, entries: Map<Key, Value>): void {
    if (!older.#change) return;
    const [key, value] = older.#change;
    this.#change = [key, entries.get(key)];
    this.#newer = older;
    this.#entries = undefined;
    older.#change = undefined;
    older.#newer = undefined;
    put(entries, key, value);
  }
}

function put<Key, Value>(entries: Map<Key, Value>, key: Key, value: Value | undefined): void {
  if (value === undefined) entries.delete(key);
  else entries.set(key, value);
}
