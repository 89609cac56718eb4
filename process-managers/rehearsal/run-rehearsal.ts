import { type OrderId, orderProcessStream } from '@orders/shared-events/contracts/ids.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { Pool } from 'pg';
import { Unreadable } from '../processes.js';
import { type OwnEvent, ownEvent } from '../tracked.js';
import { openProcesses } from './open-processes.js';
import { type Difference, rehearse } from './rehearsal.js';
import type { Rehearsed } from './report.js';

/** Streams that are read at once. */
const AT_ONCE = 16;

export interface Rehearsal {
  readonly log: Pick<EventStore, 'readStream'>;
  readonly pool: Pool;
  readonly candidate: number;
  readonly signal: AbortSignal;
  /** After each page, how many processes are decided. */
  readonly onProgress: (processes: number) => void;
}

/** Decides every open process anew by the candidate. Reads only. Rejects with the signal's reason. */
export async function runRehearsal(rehearsal: Rehearsal): Promise<Rehearsed> {
  const differences: Difference[] = [];
  const unreadable: { orderId: string; reason: string }[] = [];
  let processes = 0;
  for await (const page of openProcesses(rehearsal.pool)) {
    const waiting = [...page];
    const work = async (): Promise<void> => {
      for (let orderId = waiting.shift(); orderId; orderId = waiting.shift()) {
        rehearsal.signal.throwIfAborted();
        const outcome = await one(rehearsal, orderId);
        if (outcome && 'reason' in outcome) unreadable.push(outcome);
        else if (outcome) differences.push(outcome);
        processes += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    rehearsal.onProgress(processes);
  }
  const byOrder = (a: { orderId: string }, b: { orderId: string }) => (a.orderId < b.orderId ? -1 : 1);
  return {
    candidate: rehearsal.candidate,
    processes,
    differences: differences.sort(byOrder),
    unreadable: unreadable.sort(byOrder),
  };
}

async function one(
  { log, candidate }: Rehearsal,
  orderId: OrderId,
): Promise<Difference | { readonly orderId: string; readonly reason: string } | undefined> {
  const recorded = [];
  for await (const event of log.readStream(orderProcessStream(orderId))) recorded.push(event);
  try {
    return rehearse(recorded.map(readable), candidate);
  } catch (error) {
    return { orderId, reason: error instanceof Error ? error.message : String(error) };
  }
}

function readable(recorded: Parameters<typeof ownEvent>[0]): OwnEvent {
  try {
    return ownEvent(recorded);
  } catch (error) {
    throw new Unreadable(`revision ${recorded.revision}: ${String(error)}`, { cause: error });
  }
}
