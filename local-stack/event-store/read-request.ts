import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { invalidArgument } from './errors.js';
import type { Direction } from './event-log.js';
import { type EventFilter, readFilter } from './filter.js';
import { readStreamName, readUint64 } from './wire.js';

/** A position in $all or a revision of a stream, as a reader gives it. */
export type ReadFrom = 'start' | 'end' | number;

export interface ReadRequest {
  /** Undefined for $all. */
  readonly stream: string | undefined;
  readonly from: ReadFrom;
  readonly direction: Direction;
  /** 'all-and-live' for a subscription, else at most so many events. */
  readonly count: number | 'all-and-live';
  readonly filter: EventFilter | undefined;
  /** Whether links are shown as what they lead to. */
  readonly resolvesLinks: boolean;
}

/** Throws INVALID_ARGUMENT for what cannot be read. */
export function readRequest(message: ReadReq): ReadRequest {
  const options = message.getOptions();
  if (options === undefined) throw invalidArgument('the options are missing');
  const request: ReadRequest = {
    ...readSource(options),
    direction: readDirection(options),
    count: options.hasSubscription() ? 'all-and-live' : toNumber(options.getCount()),
    filter: options.hasFilter()
      ? readFilter(options.getFilter() ?? new streams.ReadReq.Options.FilterOptions())
      : undefined,
    resolvesLinks: options.getResolveLinks(),
  };
  if (request.stream !== undefined && request.filter !== undefined)
    throw invalidArgument('only $all can be filtered');
  if (request.count === 'all-and-live' && request.direction === 'backwards') {
    throw invalidArgument('a subscription reads forwards');
  }
  return request;
}

function readSource(options: ReadReq.Options): Pick<ReadRequest, 'stream' | 'from'> {
  const stream = options.getStream();
  if (stream !== undefined) {
    const name = readStreamName(stream.getStreamIdentifier());
    return { stream: name, from: readFrom(stream, () => stream.getRevision()) };
  }
  const all = options.getAll();
  if (all === undefined) throw invalidArgument('neither a stream nor $all is asked for');
  return { stream: undefined, from: readFrom(all, () => all.getPosition()?.getCommitPosition() ?? '0') };
}

function readFrom(source: { hasStart(): boolean; hasEnd(): boolean }, at: () => string): ReadFrom {
  if (source.hasStart()) return 'start';
  if (source.hasEnd()) return 'end';
  return toNumber(at());
}

function readDirection(options: ReadReq.Options): Direction {
  return options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS
    ? 'backwards'
    : 'forwards';
}

/** Nothing lies beyond 2^53 here, so that what is greater may as well be that. */
function toNumber(text: string): number {
  return Number(
    readUint64(text) > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : readUint64(text),
  );
}
