import type { EventStoreDBClient } from '@eventstore/db-client';
import type { AppendingClient } from './append-gateway.js';

/** Ends all that is under way through a client, and its connection: the driver's own `dispose` leaves that open. */
export async function endClient(client: EventStoreDBClient): Promise<void> {
  await client.dispose();
  endConnection(client);
}

export const appendingOver = (client: EventStoreDBClient): AppendingClient => ({
  appendToStream: client.appendToStream.bind(client),
  dispose: () => endClient(client),
});

/** Ends a client's connection, and what waits for it; what is under way over it goes on until its own deadline. */
export function endConnection(client: EventStoreDBClient): void {
  void client['getChannel']().then(
    (channel) => channel.close(),
    // There is none.
    () => undefined,
  );
}

/**
 * gRPC lets all channels with equal options share one connection, also one that has gone silent. So the n-th
 * replacement of a client has options that differ by n milliseconds.
 */
export function withOwnConnection(url: string, replacement: number): string {
  if (replacement === 0) return url;
  const [, timeout = '10000'] = /keep[_-]?alive[_-]?timeout=(\d+)/i.exec(url) ?? [];
  return `${url}${url.includes('?') ? '&' : '?'}keepAliveTimeout=${Number(timeout) + replacement}`;
}
