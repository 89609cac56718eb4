import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { CLOUD_EVENTS_JSON } from '@orders/shared-events/contracts/integration-events.js';
import { INTEGRATION_EVENTS } from '@orders/shared-events/transport/topology.js';
import type { PublishOptions } from '@orders/shared-events/transport/publisher.js';
import { sendCommand } from '@orders/process-managers/commands.js';
import { translate } from '@orders/process-managers/forwarder/translation.js';
import { type Tracked, outstandingOf, ownEvent, track } from '@orders/process-managers/tracked.js';
import { z } from 'zod';

/** A message as it went to the broker. */
export interface Publish {
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: object;
  readonly options: PublishOptions;
}

/** Events that were appended together. */
export interface Append {
  readonly stream: string;
  readonly events: readonly RecordedEvent[];
}

/** An event as it is appended. */
export interface AppendedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly metadata: Record<string, unknown>;
}

/** One append of an order's way, and what was published because of it. */
export interface Step {
  readonly stream: string;
  readonly events: readonly AppendedEvent[];
  readonly publishes: readonly Publish[];
}

/**
 * The appends that a part of the log consists of: the events of one append stand side by side and have one time.
 * Two appends look like one only where they follow each other within a millisecond and nobody else wrote in
 * between. That gives the bare driver less to do than we did, so it never flatters us.
 */
export function appendsOf(log: readonly RecordedEvent[]): Append[] {
  const appends: { stream: string; events: RecordedEvent[] }[] = [];
  for (const event of log) {
    const last = appends.at(-1);
    const before = last?.events.at(-1);
    const isSame =
      before?.streamId === event.streamId && before.recordedAt.getTime() === event.recordedAt.getTime();
    if (last && isSame) last.events.push(event);
    else appends.push({ stream: event.streamId, events: [event] });
  }
  return appends;
}

/** What each order took, in log order. An append that several orders share is counted to the first of them. */
export function waysOf(log: readonly RecordedEvent[]): Step[][] {
  const processes = new Map<string, Tracked>();
  const ways = new Map<string, Step[]>();
  for (const append of appendsOf(log)) {
    const orderId = orderOf(append);
    if (orderId === undefined) continue;
    const way = ways.get(orderId) ?? [];
    ways.set(orderId, way);
    way.push({
      stream: append.stream,
      events: append.events.map(appended),
      publishes: [...commandsOf(append, processes), ...announcementsOf(append)],
    });
  }
  return [...ways.values()];
}

const Fields = z.record(z.string(), z.unknown());

const appended = ({ id, type, data, metadata }: RecordedEvent): AppendedEvent => ({
  id,
  type,
  data: Fields.parse(data),
  metadata: Fields.parse(metadata),
});

function orderOf({ events }: Append): string | undefined {
  const data = events[0]?.data;
  return typeof data === 'object' && data !== null && 'orderId' in data ? String(data.orderId) : undefined;
}

/** The commands that a process sends after an append to its stream: those that its state did not ask for before. */
function commandsOf({ stream, events }: Append, processes: Map<string, Tracked>): Publish[] {
  if (!stream.startsWith('orderProcess-')) return [];
  const before = processes.get(stream);
  const after = events.reduce<Tracked | undefined>((known, event) => track(known, ownEvent(event)), before);
  if (!after) return [];
  processes.set(stream, after);
  const asked = new Set(outstandingOf(before).map(({ commandId }) => commandId));
  const sentAt = events.at(-1)?.recordedAt.toISOString() ?? '';
  const sent: Publish[] = [];
  const bus = { connected: true, publish: record(sent) };
  for (const command of outstandingOf(after)) {
    if (!asked.has(command.commandId)) void sendCommand(bus, command, after.origin, sentAt);
  }
  return sent;
}

/** As the message bus publishes, but into a list. */
const record =
  (sent: Publish[]) =>
  (exchange: string, routingKey: string, body: object, options: PublishOptions = {}): Promise<void> => {
    sent.push({ exchange, routingKey, body, options });
    return Promise.resolve();
  };

function announcementsOf({ events }: Append): Publish[] {
  return events.flatMap((event) => {
    const announcement = translate(event);
    if (!announcement) return [];
    const { routingKey, body } = announcement;
    const options = { messageId: body.id, type: body.type, contentType: CLOUD_EVENTS_JSON };
    return [{ exchange: INTEGRATION_EVENTS, routingKey, body, options }];
  });
}
