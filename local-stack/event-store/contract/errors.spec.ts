import { describe, expect, test } from '@jest/globals';
import {
  ANY,
  binaryEvent,
  EventStoreDBClient,
  InvalidArgumentError,
  jsonEvent,
  NO_STREAM,
  persistentSubscriptionToAllSettingsFromDefaults,
  persistentSubscriptionToStreamSettingsFromDefaults,
  STREAM_EXISTS,
  StreamDeletedError,
  StreamNotFoundError,
  streamNameFilter,
  UnknownError,
  UnsupportedError,
} from '@eventstore/db-client';
import { APPEND_METHODS, contract } from '../testing/contract.js';
import { eventsOf, failureOf, newStream, numbered, withOptions } from '../testing/node-under-test.js';

contract('errors of', (node) => {
  describe('with throwOnAppendFailure off', () => {
    async function refused(
      expectedRevision: bigint | typeof STREAM_EXISTS,
      options: object,
      existing: number,
    ) {
      const client = EventStoreDBClient.connectionString(withOptions(node.url, 'throwOnAppendFailure=false'));
      const stream = existing === 0 ? newStream() : await node.streamOf(existing);
      const result = await client.appendToStream(stream, numbered(1), { expectedRevision, ...options });
      await client.dispose();
      return result;
    }

    test('Append answers a wrong revision with the last one', async () => {
      const [, credentials] = APPEND_METHODS[1];
      expect(await refused(7n, credentials, 3)).toEqual({ success: false, nextExpectedRevision: 2n });
    });

    test("BatchAppend answers it with revision 1, whatever the last one is: the driver's fault", async () => {
      expect(await refused(7n, {}, 3)).toEqual({ success: false, nextExpectedRevision: 1n });
    });

    test.each(APPEND_METHODS)('%s answers with -1 where there is no stream', async (_method, options) => {
      expect(await refused(STREAM_EXISTS, options, 0)).toEqual({ success: false, nextExpectedRevision: -1n });
    });

    test.each(APPEND_METHODS)('%s still throws for a deleted stream', async (_method, options) => {
      const client = EventStoreDBClient.connectionString(withOptions(node.url, 'throwOnAppendFailure=false'));
      const stream = newStream();
      await node.client.tombstoneStream(stream);
      await expect(client.appendToStream(stream, numbered(1), options)).rejects.toThrow(StreamDeletedError);
      await client.dispose();
    });
  });

  describe.each(APPEND_METHODS)('in what is appended through %s', (_method, options) => {
    test.each([
      ['without a type', jsonEvent({ type: '', data: {} })],
      [
        'with an id that is all zeros',
        jsonEvent({ id: '00000000-0000-0000-0000-000000000000', type: 'T', data: {} }),
      ],
      ['with an id that is none', jsonEvent({ id: '7', type: 'T', data: {} })],
    ])(
      'an event %s is refused, so is all that came with it, and the next append works',
      async (_case, event) => {
        const stream = newStream();
        const events = [...numbered(1), event];
        const error = await failureOf(node.client.appendToStream(stream, events, options));
        expect(error).toBeInstanceOf(UnknownError);
        await expect(eventsOf(node.client.readStream(stream))).rejects.toThrow(StreamNotFoundError);
        await expect(
          node.client.appendToStream(stream, numbered(1), { expectedRevision: NO_STREAM, ...options }),
        ).resolves.toMatchObject({ success: true });
      },
    );

    test.each([
      ['without a name', ''],
      ['that is the metadata of one without a name', '$$'],
    ])('a stream %s is refused, and the next append works', async (_case, stream) => {
      const error = await failureOf(node.client.appendToStream(stream, numbered(1), options));
      expect(error).toBeInstanceOf(UnknownError);
      await expect(node.client.appendToStream(newStream(), numbered(1), options)).resolves.toMatchObject({
        success: true,
      });
    });

    test('a refusal does not disturb the appends around it', async () => {
      const stream = await node.streamOf(1);
      const results = await Promise.allSettled(
        Array.from({ length: 60 }, (_, number) =>
          number % 3 === 0
            ? node.client.appendToStream(newStream(), numbered(1), { expectedRevision: ANY, ...options })
            : number % 3 === 1
              ? node.client.appendToStream(stream, numbered(1), { expectedRevision: 99n, ...options })
              : node.client.appendToStream(
                  newStream(),
                  binaryEvent({ type: 'Large', data: new Uint8Array(2 ** 21) }),
                  options,
                ),
        ),
      );
      expect(results.map(({ status }) => status)).toEqual(
        Array.from({ length: 60 }, (_, number) => (number % 3 === 0 ? 'fulfilled' : 'rejected')),
      );
      expect(await node.numbersIn(stream)).toEqual([0]);
    });
  });

  test.each([-1n, 2n ** 64n])('a read from revision %s is refused by the driver itself', (fromRevision) => {
    expect(() => node.client.readStream(newStream(), { fromRevision })).toThrow(InvalidArgumentError);
  });

  test.each(['(', '[z-a]', '\\'])(
    'a filter by the pattern %s ends its subscription, and only that',
    async (regex) => {
      const listener = node.listen(node.client.subscribeToAll({ filter: streamNameFilter({ regex }) }));
      expect(await listener.failed()).toBeInstanceOf(UnknownError);
      expect(await node.numbersIn(await node.streamOf(1))).toEqual([0]);
    },
  );

  describe('for what the node cannot do', () => {
    const unsupported: [name: string, call: () => Promise<unknown>][] = [
      [
        'creating a persistent subscription to $all',
        () =>
          node.client.createPersistentSubscriptionToAll(
            'group',
            persistentSubscriptionToAllSettingsFromDefaults(),
          ),
      ],
      [
        'deleting a persistent subscription to $all',
        () => node.client.deletePersistentSubscriptionToAll('group'),
      ],
      [
        'asking for a persistent subscription to $all',
        () => node.client.getPersistentSubscriptionToAllInfo('group'),
      ],
      ['listing persistent subscriptions to $all', () => node.client.listPersistentSubscriptionsToAll()],
      ['replaying parked messages of $all', () => node.client.replayParkedMessagesToAll('group')],
    ];
    node.differing.each(unsupported)('%s is unsupported (EventStoreDB does it)', async (_name, call) => {
      expect(await failureOf(call())).toBeInstanceOf(UnsupportedError);
    });

    const unimplemented: [name: string, call: () => Promise<unknown>][] = [
      [
        'creating a persistent subscription to a stream',
        () =>
          node.client.createPersistentSubscriptionToStream(
            newStream(),
            'group',
            persistentSubscriptionToStreamSettingsFromDefaults(),
          ),
      ],
      [
        'deleting a persistent subscription to a stream',
        () => node.client.deletePersistentSubscriptionToStream(newStream(), 'group'),
      ],
      ['creating a projection', () => node.client.createProjection('name', 'fromAll()')],
      ['enabling a projection', () => node.client.enableProjection('name')],
      ['listing projections', () => node.client.listProjections()],
      ['the state of a projection', () => node.client.getProjectionState('name')],
    ];
    node.differing.each(unimplemented)(
      '%s is not implemented (EventStoreDB does it)',
      async (_name, call) => {
        expect(await failureOf(call())).toMatchObject({ type: 'unknown', code: 12 });
      },
    );

    node.differing(
      'reading a persistent subscription is not implemented (EventStoreDB does it)',
      async () => {
        const subscription = node.client.subscribeToPersistentSubscriptionToStream(newStream(), 'group');
        const error = await new Promise((resolve) => subscription.once('error', resolve).resume());
        expect(error).toMatchObject({ code: 12 });
      },
    );
  });
});
