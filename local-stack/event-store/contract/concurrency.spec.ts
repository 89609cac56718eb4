import { describe, expect, test } from '@jest/globals';
import { ANY, NO_STREAM } from '@eventstore/db-client';
import { APPEND_METHODS, contract } from '../testing/contract.js';
import { eventsOf, newStream, numbered, numbersOf } from '../testing/node-under-test.js';

contract('many writers at once to', (node) => {
  describe.each(APPEND_METHODS)('through %s', (_method, options) => {
    test.each([
      ['no stream', 0, NO_STREAM],
      ['a revision', 3, 2n],
    ] as const)(
      'of those who expect %s exactly one wins, and the others hear of it',
      async (_case, existing, expected) => {
        const stream = existing === 0 ? newStream() : await node.streamOf(existing);
        const results = await Promise.allSettled(
          Array.from({ length: 32 }, (_, writer) =>
            node.client.appendToStream(stream, numbered(2, 100 + writer), {
              expectedRevision: expected,
              ...options,
            }),
          ),
        );
        const refused = results.flatMap((result) =>
          result.status === 'rejected' ? [result.reason as unknown] : [],
        );
        expect(refused).toHaveLength(31);
        for (const reason of refused) expect(reason).toMatchObject({ actualVersion: BigInt(existing) + 1n });
        expect(await eventsOf(node.client.readStream(stream))).toHaveLength(existing + 2);
      },
    );

    test('the events of those who expect nothing are all there once, each append in one piece', async () => {
      const stream = newStream();
      await Promise.all(
        Array.from({ length: 32 }, (_, writer) =>
          node.client.appendToStream(stream, numbered(3, writer * 3), { expectedRevision: ANY, ...options }),
        ),
      );
      const numbers = (await node.numbersIn(stream)) as number[];
      expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 96 }, (_, number) => number));
      for (let index = 0; index < 96; index += 3) {
        const first = numbers[index]!;
        expect(numbers.slice(index, index + 3)).toEqual([first, first + 1, first + 2]);
      }
    });

    test('their events are all in $all once, in the order of the answers within a stream', async () => {
      const category = newStream('many');
      const { position } = await node.client.appendToStream(newStream(), numbered(1));
      await Promise.all(
        Array.from({ length: 16 }, async (_, writer) => {
          for (let number = 0; number < 20; number++) {
            const expectedRevision = number === 0 ? NO_STREAM : BigInt(number - 1);
            await node.client.appendToStream(`${category}-${writer}`, numbered(1, number), {
              expectedRevision,
              ...options,
            });
          }
        }),
      );
      const all = await eventsOf(node.client.readAll({ fromPosition: position! }));
      const mine = all.filter(({ streamId }) => streamId.startsWith(category));
      expect(mine).toHaveLength(16 * 20);
      for (let writer = 0; writer < 16; writer++) {
        const numbers = numbersOf(mine.filter(({ streamId }) => streamId === `${category}-${writer}`));
        expect(numbers).toEqual(Array.from({ length: 20 }, (_, number) => number));
      }
    });

    test('of those who retry at the revision that a refusal tells, each gets its turn', async () => {
      const stream = newStream();
      async function write(number: number): Promise<void> {
        let expectedRevision: bigint | typeof NO_STREAM = NO_STREAM;
        for (;;) {
          try {
            await node.client.appendToStream(stream, numbered(1, number), { expectedRevision, ...options });
            return;
          } catch (error) {
            expectedRevision = (error as { actualVersion: bigint }).actualVersion;
          }
        }
      }
      await Promise.all(Array.from({ length: 12 }, (_, writer) => write(writer)));
      const numbers = (await node.numbersIn(stream)) as number[];
      expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, number) => number));
    });
  });

  test('appends over one connection keep their order, without waiting for one another', async () => {
    const stream = newStream();
    const results = await Promise.all(numbered(50).map((event) => node.client.appendToStream(stream, event)));
    expect(results.map(({ nextExpectedRevision }) => Number(nextExpectedRevision))).toEqual(
      Array.from({ length: 50 }, (_, revision) => revision),
    );
    expect(await node.numbersIn(stream)).toEqual(Array.from({ length: 50 }, (_, number) => number));
  });
});
