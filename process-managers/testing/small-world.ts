import type { BusCommand } from '@orders/shared-events/contracts/commands.js';
import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import type { OutstandingCommand } from '../order-process/outstanding.js';
import { pending } from '../order-process/pending.js';
import { Story, type Terms, anOrder, deadlineOf } from './order-story.js';

type CommandOfType<T extends BusCommand['type']> = Extract<BusCommand, { type: T }>['data'];

/**
 * Payment, provider, stock and order in the small: enough of their rules to hold a process against. Commands may
 * be delivered late, twice or never; each stream's events are heard in order, but any time later.
 */
export class SmallWorld {
  readonly order;
  readonly process: Story;
  readonly log: DomainEvent[] = [];
  readonly violations: string[] = [];
  readonly sent: OutstandingCommand[] = [];
  #heard = 0;
  #orderStatus: 'placed' | 'confirmed' | 'shipped' | 'completed' | 'rejected' | 'cancelled' = 'placed';
  #cancelling = false;
  #payment: 'none' | 'requested' | 'authorized' | 'capturing' | 'captured' | 'declined' | 'voided' = 'none';
  #charged = false;
  #lastCapture = 0;
  #refunds = { requested: 0, done: 0 };
  readonly #stock = new Map<string, 'active' | 'confirmed' | 'committed' | 'rejected' | 'released'>();

  constructor(private readonly terms: Terms & { readonly inStock: readonly string[] }) {
    this.order = anOrder(terms);
    this.process = new Story(this.order.orderId);
    this.log.push(this.order.placed);
    this.hearNext();
  }

  get moneyHeld(): boolean {
    const charged = this.#charged && this.#refunds.done === 0;
    return charged || this.#payment === 'authorized' || this.#payment === 'capturing';
  }

  get stockHeld(): boolean {
    return [...this.#stock.values()].some((status) => status === 'active' || status === 'confirmed');
  }

  get refundsDone(): number {
    return this.#refunds.done;
  }

  get orderStatus(): string {
    return this.#orderStatus;
  }

  get committed(): number {
    return [...this.#stock.values()].filter((status) => status === 'committed').length;
  }

  get quiet(): boolean {
    return this.#heard === this.log.length;
  }

  hearNext(): void {
    const event = this.log[this.#heard];
    if (!event) return;
    this.#heard += 1;
    this.process.hears(event, this.#heard);
  }

  /** The log is read again from somewhere before: after a crash, or by another instance. */
  hearAgain(from: number): void {
    for (let index = from % (this.#heard + 1); index < this.#heard; index++) {
      const event = this.log[index];
      if (event) this.process.hears(event, index + 1);
    }
  }

  send(which: number): void {
    const commands = pending(this.process.process);
    const command = commands[which % Math.max(1, commands.length)];
    if (!command) return;
    this.sent.push(command);
    this.#decide(command.command);
  }

  /** A copy that was under way arrives now. */
  resend(which: number): void {
    const command = this.sent[which % Math.max(1, this.sent.length)];
    if (command) this.#decide(command.command);
  }

  passDeadline(): void {
    const { stage } = this.process.process;
    if (stage !== 'done') this.process.then(deadlineOf(stage));
  }

  requestCancellation(): void {
    if (this.#cancelling || (this.#orderStatus !== 'placed' && this.#orderStatus !== 'confirmed')) return;
    this.#cancelling = true;
    this.log.push(this.order.cancellationRequested);
  }

  ship(): void {
    if (this.#orderStatus !== 'confirmed' || this.#cancelling) return;
    if (!this.process.process.terms.requiresShipping) return;
    this.#orderStatus = 'shipped';
    this.log.push(this.order.shipped);
  }

  /** The provider answers what it was asked. @param refuses whether it says no */
  provider(refuses: boolean): void {
    if (this.#payment === 'requested') this.#answerRequest(refuses);
    else if (this.#payment === 'capturing') this.#answerCapture(refuses);
    else if (this.#refunds.requested > this.#refunds.done) this.#answerRefund(refuses);
  }

  #answerRequest(refuses: boolean): void {
    const automatic = this.terms.captureMethod !== 'MANUAL';
    this.#payment = refuses ? 'declined' : automatic ? 'captured' : 'authorized';
    this.#charged = !refuses && automatic;
    this.log.push(refuses ? this.order.declined : automatic ? this.order.captured : this.order.authorized);
  }

  #answerCapture(refuses: boolean): void {
    this.#payment = refuses ? 'authorized' : 'captured';
    this.#charged = !refuses;
    this.log.push(refuses ? this.order.captureFailed(this.#lastCapture) : this.order.captured);
  }

  #answerRefund(refuses: boolean): void {
    if (refuses) {
      this.log.push(this.order.refundFailed(this.#refunds.requested));
      this.#refunds.requested = this.#refunds.done;
      return;
    }
    this.#refunds.done += 1;
    this.log.push(this.order.refunded);
  }

  #decide({ type, data }: BusCommand): void {
    switch (type) {
      case 'AuthorizePayment':
        if (this.#payment === 'none') this.#payment = 'requested';
        return;
      case 'CapturePayment':
        return this.#capture(data);
      case 'VoidAuthorization':
        return this.#void();
      case 'RefundPayment':
        if (this.#payment === 'captured' && this.#refunds.done === 0) this.#refunds.requested = 1;
        return;
      case 'ReserveStock':
        return this.#reserve(data.sku);
      case 'ConfirmReservation':
        return this.#move(data.sku, 'active', 'confirmed', this.order.firm(data.sku));
      case 'CommitReservation':
        return this.#move(data.sku, 'confirmed', 'committed', this.order.committed(data.sku));
      case 'ReleaseReservation':
        return this.#release(data.sku);
      case 'ExpireReservation':
        return;
      case 'ConfirmOrder':
        return this.#confirmOrder();
      case 'CompleteOrder':
        return this.#completeOrder();
      case 'RejectOrder':
        return this.#end('rejected', this.order.rejected(data.reason));
      case 'RequestCancellation':
        return this.requestCancellation();
      case 'CancelOrder':
        return this.#end('cancelled', this.order.cancelled);
    }
  }

  #capture({ attempt }: CommandOfType<'CapturePayment'>): void {
    if (this.#payment !== 'authorized' || attempt !== this.#lastCapture + 1) return;
    this.#payment = 'capturing';
    this.#lastCapture = attempt;
    this.log.push(this.order.captureRequested(attempt));
  }

  #void(): void {
    if (!['none', 'requested', 'authorized'].includes(this.#payment)) return;
    this.#payment = 'voided';
    this.log.push(this.order.voided);
  }

  #reserve(sku: string): void {
    if (this.#stock.has(sku)) return;
    const inStock = this.terms.inStock.includes(sku);
    this.#stock.set(sku, inStock ? 'active' : 'rejected');
    this.log.push(inStock ? this.order.reserved(sku) : this.order.outOfStock(sku));
  }

  #move(sku: string, from: string, to: 'confirmed' | 'committed', event: DomainEvent): void {
    if (this.#stock.get(sku) !== from) return;
    this.#stock.set(sku, to);
    this.log.push(event);
  }

  #release(sku: string): void {
    const status = this.#stock.get(sku);
    if (status === 'released') return;
    if (status === 'committed') return void this.violations.push(`${sku} left the house and was released`);
    this.#stock.set(sku, 'released');
    this.log.push(this.order.released(sku));
  }

  #confirmOrder(): void {
    if (this.#orderStatus !== 'placed' || this.#cancelling) return;
    if (![...this.#stock.values()].every((status) => status === 'confirmed')) {
      this.violations.push('confirmed without firm stock');
    }
    if (!this.#charged) this.violations.push('confirmed without the money');
    this.#orderStatus = 'confirmed';
    this.log.push(this.order.confirmed);
  }

  #completeOrder(): void {
    if (this.#cancelling || (this.#orderStatus !== 'confirmed' && this.#orderStatus !== 'shipped')) return;
    this.#orderStatus = 'completed';
    this.log.push(this.order.completed);
  }

  #end(as: 'rejected' | 'cancelled', event: DomainEvent): void {
    if (this.#orderStatus !== 'placed' && this.#orderStatus !== 'confirmed') return;
    if (this.moneyHeld) this.violations.push(`${as} while money is held`);
    if (this.stockHeld) this.violations.push(`${as} while stock is held`);
    this.#orderStatus = as;
    this.log.push(event);
  }
}
