import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { binaryEvent, START, streamNameFilter } from '@eventstore/db-client';
import type { AllStreamResolvedEvent, EventStoreDBClient, ResolvedEvent } from '@eventstore/db-client';
import {
  connect,
  newStream,
  nodesUnderTest,
  type NodeUnderTest,
  numbered,
} from '../testing/node-under-test.js';

describe.each(nodesUnderTest())('links on %s', (_node, start) => {
  let node: NodeUnderTest;
  let client: EventStoreDBClient;

  beforeAll(async () => {
    node = await start();
    client = connect(node.url);
  });

  afterAll(async () => {
    await client.dispose();
    await node.stop();
  });

  const linkTo = (target: string) => binaryEvent({ type: '$>', data: Buffer.from(target) });

  async function all(read: AsyncIterable<ResolvedEvent>): Promise<ResolvedEvent[]> {
    const events: ResolvedEvent[] = [];
    for await (const event of read) events.push(event);
    return events;
  }

  /** A stream of two events, and one of links to them. */
  async function linked(): Promise<{ target: string; links: string }> {
    const [target, links] = [newStream('target'), newStream('links')];
    await client.appendToStream(target, numbered(2));
    await client.appendToStream(links, [linkTo(`0@${target}`), linkTo(`1@${target}`)]);
    return { target, links };
  }

  async function resolved(stream: string): Promise<ResolvedEvent[]> {
    return all(client.readStream(stream, { resolveLinkTos: true }));
  }

  /** The first that is or leads to an event of `stream`, as a subscriber sees it. */
  async function firstOf(
    events: AsyncIterable<AllStreamResolvedEvent | ResolvedEvent>,
    stream: string,
  ): Promise<AllStreamResolvedEvent | ResolvedEvent> {
    for await (const event of events) if ((event.link ?? event.event)?.streamId === stream) return event;
    throw new Error('it ended');
  }

  test('are events like others to a reader that does not ask for more', async () => {
    const { target, links } = await linked();
    const [first] = await all(client.readStream(links));
    expect(first!.link).toBeUndefined();
    expect(first!.event).toMatchObject({ type: '$>', streamId: links, revision: 0n });
    expect(Buffer.from(first!.event!.data as Uint8Array).toString()).toBe(`0@${target}`);
  });

  test('lead to their events, with the links beside them', async () => {
    const { target, links } = await linked();
    const events = await resolved(links);
    expect(events.map(({ event }) => event)).toMatchObject([
      { streamId: target, revision: 0n, type: 'Numbered', data: { number: 0 } },
      { streamId: target, revision: 1n, type: 'Numbered', data: { number: 1 } },
    ]);
    expect(events.map(({ link }) => link)).toMatchObject([
      { streamId: links, revision: 0n, type: '$>' },
      { streamId: links, revision: 1n, type: '$>' },
    ]);
  });

  test('leave events that are no links as they are', async () => {
    const { target } = await linked();
    expect(await resolved(target)).toMatchObject([{ event: { revision: 0n } }, { event: { revision: 1n } }]);
    expect((await resolved(target))[0]!.link).toBeUndefined();
  });

  test.each([
    ['an event that was never there', (target: string) => `2@${target}`],
    ['a stream that was never there', (target: string) => `0@${target}-not`],
    ['no event at all', () => 'nonsense'],
    [
      'an event of a deleted stream',
      async (target: string) => {
        await client.deleteStream(target);
        return `0@${target}`;
      },
    ],
    [
      'an event of a tombstoned stream',
      async (target: string) => {
        await client.tombstoneStream(target);
        return `0@${target}`;
      },
    ],
    [
      'an event that was truncated',
      async (target: string) => {
        await client.setStreamMetadata(target, { truncateBefore: 1 });
        return `0@${target}`;
      },
    ],
  ])('to %s come alone', async (_what, prepare) => {
    const [target, links] = [newStream('target'), newStream('links')];
    await client.appendToStream(target, numbered(2));
    await client.appendToStream(links, linkTo(await prepare(target)));
    const [only] = await resolved(links);
    expect(only!.event).toBeUndefined();
    expect(only!.link).toMatchObject({ streamId: links, revision: 0n });
  });

  test('are resolved one step only', async () => {
    const { links } = await linked();
    const second = newStream('links');
    await client.appendToStream(second, linkTo(`0@${links}`));
    const [only] = await resolved(second);
    expect(only!.event).toMatchObject({ streamId: links, revision: 0n, type: '$>' });
  });

  test('may lead to a stream whose name holds an @', async () => {
    const [target, links] = [`${newStream('target')}@home`, newStream('links')];
    await client.appendToStream(target, numbered(1));
    await client.appendToStream(links, linkTo(`0@${target}`));
    expect((await resolved(links))[0]!.event).toMatchObject({ streamId: target });
  });

  test('are resolved for a subscriber to their stream, caught up or live', async () => {
    const { target, links } = await linked();
    const subscription = client.subscribeToStream(links, { fromRevision: START, resolveLinkTos: true });
    const seen: unknown[] = [];
    for await (const { event, link } of subscription) {
      seen.push([event?.streamId, event?.revision, link?.revision]);
      if (seen.length === 2) await client.appendToStream(links, linkTo(`0@${target}`));
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([
      [target, 0n, 0n],
      [target, 1n, 1n],
      [target, 0n, 2n],
    ]);
  });

  test('are resolved in $all, at the position of the link', async () => {
    const { target, links } = await linked();
    const everything = client.subscribeToAll({
      resolveLinkTos: true,
      filter: streamNameFilter({ prefixes: [links] }),
    });
    const { event, link, commitPosition } = await firstOf(everything, links);
    await everything.unsubscribe();
    expect(event).toMatchObject({ streamId: target, revision: 0n });
    expect(link).toMatchObject({ streamId: links, revision: 0n });
    expect(commitPosition).toBe(link!.position!.commit);
    expect(event!.position!.commit).toBeLessThan(link!.position!.commit);
  });
});
