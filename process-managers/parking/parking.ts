/**
 * Where events wait that belong to nothing that is known.
 *
 *   parked ──▶ matched         what it belongs to was heard: the payment was asked for, the order was placed
 *      └─────▶ dead-lettered   it was not, within PARKING_DEADLINE
 *
 * - A notification of the provider for a payment that nobody asked for waits for that request. It is not applied then:
 *   the request leads to a call, and whoever makes a call finds out what came of it.
 * - Any other event of an order that was never placed (its process would have begun with the placement, and hears
 *   everything in the order of the log) waits for that placement. No command of ours leads there; where one is found,
 *   money or stock was moved for nobody, and somebody has to look.
 */
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import type { OrderId } from '@orders/shared-events/contracts/ids.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { awaitedBy } from '../strays.js';
import type { Overdue, ParkedTable } from './parked.table.js';

export class Parking {
  /**
   * The streams that are awaited in the partitions that are held here, so that what nobody waits for costs nothing.
   * It may name more than that, once a partition is gone or the time to wait over.
   */
  readonly #awaited = new Set<string>();

  constructor(
    private readonly table: ParkedTable,
    private readonly logger: LogSink,
  ) {}

  /** After the checkpoints were claimed: whoever held them before has stored what he heard up to there. */
  async gained(partitions: readonly number[]): Promise<void> {
    for (const awaits of await this.table.awaited(partitions)) this.#awaited.add(awaits);
  }

  /** A repeat changes nothing. */
  async park(orderId: OrderId, event: RecordedEvent): Promise<void> {
    const awaited = awaitedBy(orderId, event);
    this.#awaited.add(awaited.awaits);
    await this.table.park(orderId, event, awaited);
    const position = String(event.position);
    this.logger.info(
      { orderId, position, type: event.type, ...awaited },
      'parked: it belongs to nothing known',
    );
  }

  /** Something was heard that may be awaited. */
  async match(event: RecordedEvent): Promise<void> {
    if (!this.#awaited.has(event.streamId)) return;
    await this.table.match(event);
    this.#awaited.delete(event.streamId);
  }

  /** The partitions among these in which something has waited for too long. */
  async overdue(partitions: readonly number[]): Promise<readonly Overdue[]> {
    return this.#awaited.size === 0 ? [] : this.table.overdue(partitions);
  }

  /** To be called once everything was heard that stood in the log when it was seen to be overdue. */
  async deadLetterDue(overdue: Overdue): Promise<void> {
    for (const { position, orderId, awaits } of await this.table.deadLetterDue(overdue)) {
      this.logger.error({ orderId, position, awaits }, 'dead-lettered: what it belongs to did not come');
    }
  }
}
