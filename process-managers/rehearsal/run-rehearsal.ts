import { type OrderId, orderProcessStream } from '@orders/shared-events/contracts/ids.js';
import type { EventStore } from '@orders/shared-events/transport/event-store.js';
import { Slots } from '@orders/shared-events/transport/slots.js';
import type { Pool } from 'pg';
import { Unreadable } from '../unreadable.js';
import { type OwnEvent, ownEvent } from '../tracked.js';
import { openProcesses, untilProjected } from './open-processes.js';
import { type Difference, rehearse } from './rehearsal.js';
import type { Rehearsed, UnreadableProcess } from './report.js';

/** Streams that are read at once. */
const AT_ONCE = 16;

export interface Rehearsal {
  readonly log: Pick<EventStore, 'readStream' | 'head'>;
  readonly pool: Pool;
  readonly candidate: number;
  readonly signal: AbortSignal;
  /** After each page, how many processes are decided. */
  readonly onProgress: (processes: number) => void;
}

/**
 * Decides every process anew by the candidate that is open when it begins. Reads only. What it finds is in the order of the pages, by order
 * id. Rejects with the signal's reason.
 */
export async function runRehearsal(rehearsal: Rehearsal): Promise<Rehearsed> {
  const slots = new Slots(AT_ONCE);
  const differences: Difference[] = [];
  const unreadable: UnreadableProcess[] = [];
  let processes = 0;
  const { log, pool, signal } = rehearsal;
  await untilProjected(pool, await log.head({ prefixes: ['orderProcess-'] }), signal);
  for await (const page of openProcesses(pool)) {
    const outcomes = page.map((orderId) => slots.use(() => one(rehearsal, orderId)));
    for (const outcome of await Promise.all(outcomes)) {
      if (outcome && 'reason' in outcome) unreadable.push(outcome);
      else if (outcome) differences.push(outcome);
    }
    processes += page.length;
    rehearsal.onProgress(processes);
  }
  return { candidate: rehearsal.candidate, processes, differences, unreadable };
}

async function one(
  { log, candidate, signal }: Rehearsal,
  orderId: OrderId,
): Promise<Difference | UnreadableProcess | undefined> {
  signal.throwIfAborted();
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
