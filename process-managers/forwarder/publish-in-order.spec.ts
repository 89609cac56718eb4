import { describe, expect, it } from '@jest/globals';
import { publishInOrder } from './publish-in-order.js';

/** A broker that answers when it is told to. */
class SlowBroker {
  readonly taken: number[] = [];
  readonly #answers = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();

  readonly publish = (message: number): Promise<void> => {
    this.taken.push(message);
    return new Promise((resolve, reject) => this.#answers.set(message, { resolve, reject }));
  };
  confirm = (message: number) => this.#then(() => this.#answers.get(message)?.resolve());
  refuse = (message: number) =>
    this.#then(() => this.#answers.get(message)?.reject(new Error(`no ${message}`)));

  /** Resolves once whatever follows from it has happened. */
  async #then(answer: () => void): Promise<void> {
    answer();
    await new Promise(setImmediate);
  }
}

const MESSAGES = [1, 2, 3, 4, 5, 6];

async function begun(messages: Iterable<number> | AsyncIterable<number> = MESSAGES) {
  const [broker, stop] = [new SlowBroker(), new AbortController()];
  let outcome = 'under way';
  void publishInOrder(messages, broker.publish, 2, stop.signal).then(
    () => (outcome = 'done'),
    (error: unknown) => (outcome = (error as Error).message),
  );
  await new Promise(setImmediate);
  return { broker, stop, outcome: () => outcome };
}

describe('publishing in order', () => {
  it('takes the next one when one is confirmed, and ends with the last', async () => {
    const { broker, outcome } = await begun();
    expect(broker.taken).toEqual([1, 2]);
    await broker.confirm(2);
    expect(broker.taken).toEqual([1, 2, 3]);
    for (const message of [1, 3, 4, 5]) await broker.confirm(message);
    expect([broker.taken, outcome()]).toEqual([MESSAGES, 'under way']);
    await broker.confirm(6);
    expect(outcome()).toBe('done');
  });

  it('takes no more after a failure, and tells of the first when nothing is under way', async () => {
    const { broker, outcome } = await begun();
    await broker.refuse(2);
    expect([broker.taken, outcome()]).toEqual([[1, 2], 'under way']);
    await broker.refuse(1);
    expect([broker.taken, outcome()]).toEqual([[1, 2], 'no 2']);
  });

  it('takes no more once it is to stop, and ends when nothing is under way', async () => {
    const { broker, stop, outcome } = await begun();
    stop.abort();
    await broker.confirm(1);
    expect([broker.taken, outcome()]).toEqual([[1, 2], 'under way']);
    await broker.confirm(2);
    expect([broker.taken, outcome()]).toEqual([[1, 2], 'done']);
  });

  describe('from a source that fails', () => {
    async function* twoAndNoMore() {
      yield* await Promise.resolve([1, 2]);
      throw new Error('no more');
    }

    it('throws that after all before it went out', async () => {
      const { broker, outcome } = await begun(twoAndNoMore());
      await broker.confirm(1);
      expect(outcome()).toBe('under way');
      await broker.confirm(2);
      expect(outcome()).toBe('no more');
    });

    it('throws the failure of one before it, which has not gone out', async () => {
      const { broker, outcome } = await begun(twoAndNoMore());
      await broker.confirm(1);
      await broker.refuse(2);
      expect(outcome()).toBe('no 2');
    });
  });
});
