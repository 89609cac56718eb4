import type { EventType } from '@orders/shared-events/contracts/catalogue.js';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { quarantineEvents } from '@orders/shared-events/contracts/quarantine.events.js';

const REQUESTED = 'QuarantineReleaseRequested' satisfies EventType;

export const isRelease = ({ type }: RecordedEvent): boolean => type === REQUESTED;

/** That an order is to go on from a position of the log, and that what was written up to another one is read again. */
export interface Release {
  /** Where the order waits: a release from anywhere else is over. */
  readonly from: bigint;
  readonly upTo: bigint;
  /** Of an operator; a newer build lets go by itself what it can read. */
  readonly request: RecordedEvent | undefined;
}

/** What an operator asks for; undefined where that cannot be read. */
export function releaseIn(request: RecordedEvent): Release | undefined {
  const { data } = quarantineEvents.QuarantineReleaseRequested.current.safeParse(request.data);
  return data && { from: BigInt(data.from), upTo: request.position, request };
}
