import { durationsOf } from '@orders/process-managers/configuration.js';
import type { StageDurations } from '@orders/process-managers/order-process/deadlines.js';
import { translate } from '@orders/process-managers/forwarder/translation.js';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { RECONCILIATION_STREAM, categoryOf } from '@orders/shared-events/contracts/ids.js';
import { INTEGRATION_EVENTS } from '@orders/shared-events/transport/topology.js';
import { Answers } from './answers.js';
import { Broker } from './broker.js';
import { BusWatch } from './bus-watch.js';
import { Dice, mixed } from './chance.js';
import type { BrokerParts } from './channel.js';
import { Clock } from './clock.js';
import { Compared } from './compared.js';
import { Database } from './database.js';
import { type EndBooks, checkEnds } from './ends.js';
import { EventLog } from './event-log.js';
import type { StoreParts } from './event-store.js';
import { Facts } from './facts.js';
import { Faults } from './faults.js';
import { Ledger, type LedgerEntry } from './ledger.js';
import { Network } from './life.js';
import { Listeners } from './listeners.js';
import { Names } from './names.js';
import type { Plan } from './plan.js';
import { Presence } from './presence.js';
import type { ProviderParts } from './provider.js';
import { Safety } from './safety.js';
import type { Trace } from './trace.js';
import { tooEarlyBy } from './stages.js';
import { THROWN, type Violation, said } from './violation.js';

/** The ids of events are derived again in one run out of so many. */
const RUNS_AN_ID_CHECK = 4;

/** The beginning of every run. */
export const START = Date.parse('2026-01-01T00:00:00.000Z');

/** Whether the outside hears of an event is a matter of its type, and of whether it moved anything. */
const forTheOutside = new Map<string, boolean>();

function isForTheOutside(event: RecordedEvent): boolean {
  const { quantity } = event.data as { readonly quantity?: unknown };
  const kind = quantity === 0 ? `${event.type} of nothing` : event.type;
  const known = forTheOutside.get(kind);
  if (known !== undefined) return known;
  const isTold = /^(order|payment|stock)-/.test(event.streamId) && translate(event) !== undefined;
  forTheOutside.set(kind, isTold);
  return isTold;
}

/** Everything outside of the processes: time, network, servers, and the books that are kept of them. */
export class World {
  readonly clock = new Clock(START);
  readonly random: () => number;
  readonly faults: Faults;
  readonly network: Network;
  readonly names: Names;
  readonly log: EventLog;
  readonly facts = new Facts();
  readonly database: Database;
  readonly broker: Broker;
  readonly presence = new Presence(this.clock);
  readonly ledger: Ledger;
  readonly answers: Answers;
  readonly violations: Violation[] = [];
  /** Told of what the provider decides: whoever notifies of it. */
  onProviderNews: (entry: LedgerEntry) => void = () => undefined;
  /** How often the world did something: an append, a delivery, a call at the provider, an action. */
  steps = 0;
  /** Events that the outside has to hear of and has not been told of yet, by their ids. */
  readonly untold = new Map<string, string>();
  readonly #listeners: Listeners;
  readonly #safety: Safety;
  readonly #compared: Compared;
  readonly #watch: BusWatch;
  readonly #durations: StageDurations;

  constructor(
    plan: Plan,
    only: ReadonlySet<string> | undefined,
    readonly trace: Trace,
  ) {
    this.random = new Dice(mixed(plan.seed, 1)).random;
    const { clock, facts } = this;
    const now = () => clock.now;
    this.faults = new Faults(mixed(plan.seed, 2), plan.weather, plan.paceMs, only, (fault) =>
      trace.line(now, `  goes wrong: ${fault}`),
    );
    this.network = new Network(clock, this.faults);
    this.names = new Names(plan.orders);
    this.log = new EventLog(now, (stream, events) => this.watched(() => this.#appended(stream, events)));
    this.database = new Database({ now, random: this.random });
    this.broker = new Broker(clock, (queue, { routingKey }) =>
      trace.line(now, `  queued in ${queue}: ${routingKey}`),
    );
    this.ledger = new Ledger(now, (entry) => {
      this.watched(() => this.#safety.decided(entry));
      this.onProviderNews(entry);
    });
    this.#listeners = new Listeners(clock, this.faults);
    this.#safety = new Safety(
      { facts, ledger: this.ledger },
      this.names.of,
      this.report,
      plan.seed % RUNS_AN_ID_CHECK === 0,
    );
    this.#compared = new Compared(this, this.names.of, this.report);
    this.#watch = new BusWatch(this.report);
    this.#durations = durationsOf(plan.settings);
    this.answers = new Answers(this.log, now, this.report);
  }

  readonly report = (rule: string, what: string): void => {
    this.violations.push({ rule, what });
    this.trace.line(() => this.clock.now, `VIOLATION ${rule}: ${what}`);
  };

  /** The world has done something. */
  step(what: string): void {
    this.steps += 1;
    this.trace.step(() => this.clock.now, this.steps, what);
  }

  get store(): StoreParts {
    return { log: this.log, network: this.network, listeners: this.#listeners, nameOf: this.names.of };
  }

  get bus(): BrokerParts {
    const { broker, clock, faults, network, presence } = this;
    return {
      ...{ broker, clock, faults, network, presence, watch: this.#watch },
      onDelivery: (what) => this.step(`delivered to ${what}`),
      onPublished: ({ exchange, properties: { messageId } }) => {
        if (exchange === INTEGRATION_EVENTS && messageId !== undefined) this.untold.delete(messageId);
      },
    };
  }

  get provider(): ProviderParts {
    return {
      ledger: this.ledger,
      clock: this.clock,
      network: this.network,
      nameOf: this.names.ofKey,
      onCall: ({ call, outcome, code, calls }) =>
        this.step(`the provider is called: ${this.names.ofKey(call.key)}, call ${calls}: ${code ?? outcome}`),
    };
  }

  /** @param unanswered what nobody was given an answer to */
  checkEnds(unanswered: readonly string[]): void {
    const { facts, ledger, log, database } = this;
    const books: EndBooks = {
      ...{ facts, ledger, log, database, untold: this.untold, unanswered },
      nameOf: this.names.of,
    };
    checkEnds(books, this.report);
  }

  /** What a rule throws would be the answer of the server to whoever did something there. */
  watched(rules: () => void): void {
    try {
      rules();
    } catch (error) {
      this.report(THROWN, said(error));
    }
  }

  #appended(stream: string, events: readonly RecordedEvent[]): void {
    if (categoryOf(stream) === undefined) return this.#noted(stream, events);
    this.step(`${this.names.of(stream)} @${String(events[0]?.revision)}: ${this.trace.types(events)}`);
    for (const event of events) {
      this.#safety.before(event);
      this.facts.take(event);
      if (isForTheOutside(event)) this.untold.set(event.id, event.type);
    }
    this.#safety.appended(stream, events);
    for (const event of events) {
      if (event.type === 'PaymentDiscrepancyDetected') this.#compared.recorded(event);
      if (event.type === 'OrderProcessDeadlinePassed') this.#deadlinePassed(event);
    }
    this.#listeners.tell();
  }

  #deadlinePassed(event: RecordedEvent): void {
    const early = tooEarlyBy(event, this.log, this.#durations);
    if (early > 0)
      this.report('a stage has all of its time', `${this.names.of(event.streamId)}: ${early} ms early`);
  }

  /** What is not of the domain is heard by nobody, and moves nothing on. */
  #noted(stream: string, events: readonly RecordedEvent[]): void {
    if (stream !== RECONCILIATION_STREAM) return;
    for (const { data } of events) this.#compared.upTo(data as Parameters<Compared['upTo']>[0]);
  }
}
