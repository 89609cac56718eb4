import { randomUUID } from 'node:crypto';
import type { Addressed, Origin } from '@orders/shared-events/contracts/envelope.js';
import { CommandId, paymentStream } from '@orders/shared-events/contracts/ids.js';
import type { PaymentEvent, ProviderOperation } from '@orders/shared-events/contracts/payment.events.js';
import { PROVIDER } from '../request.js';
import { type ProviderCall, isIntentOf, owedCalls } from './owed-calls.js';
import { type PaymentState, isDeferred } from './payment.state.js';
import type { Payments } from './payments.js';
import type { ProviderOutcomeCommand, ProviderReport } from './provider-report.js';
import { type PaymentProvider, ProviderUnavailable } from './provider.js';

/** After an unknown outcome the provider is asked at once, and called once more; then the process asks again. */
const MOST_ROUNDS = 3;

/**
 * Makes the calls that the provider is owed and records their outcomes.
 *
 * A call whose intent was appended a moment ago is made straight away. Any other may have been made before, by a
 * process that crashed or whose answer got lost: the provider is asked for the outcome of its key first. A process
 * waits for every payment that owes a call, and sends its command again until it hears the outcome: those repeats
 * are what takes up owed calls after a crash, so the list of them is the process managers' `processes` table.
 */
export class ProviderCalls {
  /** One at a time for each key: a repeat that comes while a call is under way waits for its outcome. */
  readonly #underWay = new Map<string, Promise<PaymentState>>();

  /**
   * @param provider answers in time or not at all
   * @param deferred hears of each call that was recorded as deferred
   */
  constructor(
    private readonly provider: PaymentProvider,
    private readonly payments: Pick<Payments, 'execute'>,
    private readonly deferred: (operation: ProviderOperation) => void = () => undefined,
  ) {}

  /**
   * @param appended by this very command: no call can have been made for an intent among them. What else is owed may
   * have been asked for by another command, long ago
   * @throws what recording an outcome throws; what is owed stays owed. So it does while the provider is away: that is
   * recorded, and the process's repeats try again.
   */
  async settle(
    state: PaymentState,
    origin: Origin,
    appended: readonly PaymentEvent[],
  ): Promise<PaymentState> {
    let settled = state;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const before = settled;
      for (const call of owedCalls(settled)) {
        const isNew = round === 0 && appended.some((event) => isIntentOf(call, event));
        settled = await this.#once(call, () => this.#settle(call, origin, !isNew));
      }
      if (settled === before || isDeferred(settled)) break;
    }
    return settled;
  }

  #once({ key }: ProviderCall, make: () => Promise<PaymentState>): Promise<PaymentState> {
    const underWay = this.#underWay.get(key);
    if (underWay) return underWay;
    const call = make().finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, call);
    return call;
  }

  async #settle(call: ProviderCall, origin: Origin, askFirst: boolean): Promise<PaymentState> {
    try {
      const known = askFirst ? await this.provider.find(call.key) : undefined;
      if (known) return await this.#record('ResolveUnknownOutcome', call, known, origin);
      const answer = await this.provider[call.operation](call);
      return await this.#record('RecordProviderNotification', call, answer, origin);
    } catch (error) {
      if (!(error instanceof ProviderUnavailable)) throw error;
      return this.#record('DeferProviderCall', call, { kind: 'deferred' }, origin);
    }
  }

  async #record(
    type: ProviderOutcomeCommand['type'],
    { paymentId, orderId, operation, attempt, refundId }: ProviderCall,
    outcome: ProviderReport['outcome'],
    { correlationId, causationId, traceparent }: Origin,
  ): Promise<PaymentState> {
    const report = { paymentId, orderId, operation, attempt, outcome };
    const recorded = await this.payments.execute({
      // Two processes may hear different outcomes of one key: an id made of the key would hide one of them.
      commandId: CommandId.parse(randomUUID()),
      stream: paymentStream(paymentId),
      command: { type, data: refundId === undefined ? report : { ...report, refundId } },
      origin: {
        correlationId,
        causationId,
        actor: PROVIDER,
        ...(traceparent === undefined ? {} : { traceparent }),
      },
    } satisfies Addressed<ProviderOutcomeCommand>);
    if (recorded.outcome === 'refused') throw new Error(`${operation}: ${recorded.refusal.code}`);
    if (type === 'DeferProviderCall' && recorded.outcome === 'happened') this.deferred(operation);
    return recorded.state;
  }
}
