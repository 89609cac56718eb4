import { z } from 'zod';
import { CommandId, type EventId, type StreamName } from './ids.js';

/** Who caused a change. `subject` is an opaque id: never a name, an address or a number of a card. */
export const Actor = z.object({
  kind: z.enum(['customer', 'operator', 'service', 'system']),
  subject: z.string().min(1).max(128),
});
export type Actor = z.infer<typeof Actor>;

/** The client's own id of its request, or one that was made for it. It explains; it never routes. */
export const CorrelationId = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,128}$/, { error: 'must be 1 to 128 letters, digits and . _ : -' });

/** An instant as RFC 3339 in UTC with milliseconds, e.g. `2026-01-31T12:00:00.000Z`. */
export const Instant = z.iso.datetime({ precision: 3 });

/** W3C Trace Context, version 00. */
export const Traceparent = z.string().regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);

/** What travels with a command and, through it, with every event that it causes. */
export const Origin = z.object({
  correlationId: CorrelationId,
  /** Id of the event or the command that led here. */
  causationId: z.string().min(1).max(128),
  actor: Actor,
  /** Why an operator did it. */
  reason: z.string().max(500).optional(),
  traceparent: Traceparent.optional(),
});
export type Origin = z.infer<typeof Origin>;

/** Metadata of a stored event. `$correlationId` and `$causationId` are EventStoreDB's reserved names. */
export const EventMetadata = z.object({
  $correlationId: CorrelationId,
  $causationId: z.string().min(1).max(128),
  commandId: CommandId,
  actor: Actor,
  reason: z.string().max(500).optional(),
  occurredAt: Instant,
  schemaVersion: z.int().positive(),
  traceparent: Traceparent.optional(),
});
export type EventMetadata = z.infer<typeof EventMetadata>;

/** An event as decided: what happened, without where and when it was stored. */
export interface EventOf<Type extends string, Data> {
  readonly type: Type;
  readonly data: Data;
}

/** A decided event with the instant at which it occurred: all that `evolve` may see. */
export type Occurred<Event> = Event & { readonly occurredAt: string };

/** An event to be appended. */
export interface NewEvent {
  readonly id: EventId;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: EventMetadata;
}

/** An event read from the log, its data still in the shape of the version that wrote it. */
export interface RecordedEvent {
  readonly id: string;
  readonly type: string;
  readonly streamId: string;
  /** Revision within the stream, from 0. */
  readonly revision: bigint;
  /** Commit position in the log; rising, with gaps. */
  readonly position: bigint;
  /** The server's clock at append. */
  readonly recordedAt: Date;
  readonly data: unknown;
  /** As stored; `EventMetadata.parse` decodes what this system wrote. */
  readonly metadata: unknown;
}

/** So long after it was sent a command expires. Whoever still needs it has sent it again by then. */
export const COMMAND_TIME_TO_LIVE_MS = 60_000;

/** A command on its way over the bus. The consumer refuses it after `expiresAt`. */
export const CommandMessage = z.object({
  commandId: CommandId,
  type: z.string().min(1).max(64),
  data: z.unknown(),
  origin: Origin,
  sentAt: Instant,
  expiresAt: Instant,
});
export type CommandMessage = z.infer<typeof CommandMessage>;

/** A command in the hands of a decider: decoded, with the instant at which it is decided. */
export interface CommandOf<Type extends string, Data> {
  readonly type: Type;
  readonly data: Data;
}
export type Timed<Command> = Command & { readonly now: string };

/** A decoded command with where it goes and where it comes from. */
export interface Addressed<Command> {
  readonly commandId: CommandId;
  readonly stream: StreamName;
  readonly command: Command;
  readonly origin: Origin;
}
