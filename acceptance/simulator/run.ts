import { drive } from './clock.js';
import { paymentIdOf } from '@orders/shared-events/contracts/ids.js';
import { Asking } from './asking.js';
import { behindTheLog } from './ends.js';
import { orderIdOfPlanned } from './names.js';
import { Notifications } from './notifications.js';
import { People } from './people.js';
import { type Action, type Server, describe } from './actions.js';
import type { Plan, PlannedStep } from './plan.js';
import { servers } from './mishaps.js';
import { enter } from './realm.js';
import { System } from './system.js';
import { Trace } from './trace.js';
import { THROWN, type Violation, said } from './violation.js';
import { START, World } from './world.js';

/** What a case takes from its run: the steps and the mishaps that may happen. */
export interface Selection {
  /** Indices of the planned steps. */
  readonly steps: readonly number[];
  /** Names of mishaps. */
  readonly mishaps: readonly string[];
}

export interface Outcome {
  readonly violations: readonly Violation[];
  readonly steps: number;
  /** Of the trouble: after so many nothing went wrong any more. */
  readonly fingerprint: number;
  readonly trace: readonly string[];
  /** The mishaps that happened. */
  readonly mishaps: readonly string[];
  /** The types of all events, as often as there are some. */
  readonly events: readonly string[];
}

/** Where nothing happens for so long, the next planned step is taken. */
const DULL_MS = 2_000;
/** Trouble ends where nothing was planned any more and nothing happened for so long. */
const LONG_DULL_MS = 20_000;
/** By then everything must have come to rest: longer than all deadlines, resends and pauses together. */
const MOST_HEALING_MS = 7_200_000;

/**
 * One run from its beginning to its end, in a realm of its own.
 *
 * @param unheard rejections that nobody has dealt with, filled while it goes on
 */
export async function simulate(
  plan: Plan,
  unheard: unknown[],
  { selection, isTraced = false }: { readonly selection?: Selection; readonly isTraced?: boolean } = {},
): Promise<Outcome> {
  const run = new Run(plan, selection, isTraced);
  enter({ clock: run.world.clock, random: run.world.random });
  try {
    await drive(() => run.turn());
  } catch (error) {
    run.world.report(THROWN, said(error));
  } finally {
    enter(undefined);
  }
  // The event loop tells of rejections that nobody has dealt with.
  await new Promise((resolve) => setImmediate(resolve));
  for (const error of unheard.splice(0)) run.world.report('no failure is dropped', said(error));
  return run.outcome;
}

class Run {
  readonly world: World;
  readonly #trace: Trace;
  readonly #system: System;
  readonly #asking: Asking;
  readonly #people: People;
  readonly #steps: PlannedStep[];
  #healedAt: number | undefined;
  #lastStepAt = START;
  #lastSteps = 0;
  #shipped = new Set<string>();

  constructor(
    private readonly plan: Plan,
    selection: Selection | undefined,
    isTraced: boolean,
  ) {
    this.#trace = new Trace(START, isTraced);
    this.world = new World(plan, selection && new Set(selection.mishaps), this.#trace);
    this.#system = new System(this.world, plan);
    this.#asking = new Asking(this.world, this.#system);
    this.#people = new People(this.#asking, this.world, plan);
    if (plan.notifies) {
      this.world.onProviderNews = new Notifications(this.world, this.world.faults, this.#asking).tell;
    }
    this.#steps = plan.steps.filter((_step, index) => selection?.steps.includes(index) ?? true);
    this.world.clock.in(1, undefined, () => this.#people.open());
  }

  get outcome(): Outcome {
    const { violations, steps, faults, log } = this.world;
    const { fingerprint, lines } = this.#trace;
    const events = log.events.map(({ type }) => type);
    return { violations, steps, fingerprint, trace: lines, mishaps: faults.happened, events };
  }

  /** False once the run is over. */
  turn(): boolean {
    const { world } = this;
    if (world.violations.length > 0) return false;
    if (world.steps !== this.#lastSteps) {
      this.#lastSteps = world.steps;
      this.#lastStepAt = world.clock.now;
    }
    if (this.#healedAt === undefined) this.#makeTrouble();
    else if (!this.#goOnHealing(this.#healedAt)) return false;
    return world.clock.advance();
  }

  #makeTrouble(): void {
    const { clock, steps } = this.world;
    const dullFor = Math.max(clock.now - this.#lastStepAt, clock.isIdle ? 0 : clock.next - clock.now);
    const [next] = this.#steps;
    if (next && (steps >= next.after || dullFor > DULL_MS)) {
      this.#steps.shift();
      this.#act(next.action);
    }
    if (steps >= this.plan.troubleFor || (!next && dullFor > LONG_DULL_MS)) this.#heal();
  }

  #act(action: Action): void {
    this.#trace.line(() => this.world.clock.now, describe(action));
    switch (action.kind) {
      case 'crash':
        return this.#system.crash(action.process);
      case 'restart':
        return this.#system.restart(action.process);
      case 'freeze':
        return this.#system.freeze(action.process, action.ms);
      case 'away':
        return this.#lose(action.server, action.ms);
      case 'authorisation expires':
        return this.#expire(action.order);
      case 'operate':
        return this.#people.operate(action);
      case 'receive':
      case 'adjust':
      case 'reprice':
        return this.#people.aboutProduct(action);
      case 'place':
      case 'place other':
      case 'cancel':
      case 'ship':
      case 'pay again':
      case 'refund':
        return this.#people.aboutOrder(action);
    }
  }

  #lose(server: Server, ms: number): void {
    const { clock, faults, presence } = this.world;
    if (server === 'broker') return presence.lose(ms);
    faults.away(servers[server]);
    clock.in(ms, undefined, () => faults.back(servers[server]));
  }

  #expire(index: number): void {
    const planned = this.plan.orders[index];
    if (!planned) return;
    const { ledger } = this.world;
    for (const { call } of ledger.of(paymentIdOf(orderIdOfPlanned(planned)))) ledger.expire(call.key);
  }

  /** What was planned and not done is not done any more, but every order is placed. */
  #heal(): void {
    const { clock, faults } = this.world;
    this.#trace.line(() => clock.now, 'from here on nothing goes wrong');
    faults.isCalm = true;
    this.#healedAt = clock.now;
    this.world.presence.find();
    for (const { action } of this.#steps.splice(0)) if (action.kind === 'place') this.#act(action);
  }

  #goOnHealing(since: number): boolean {
    const { clock } = this.world;
    const isLate = clock.now - since > MOST_HEALING_MS;
    if (!isLate && (!clock.isIdle || this.#ship() || this.#resume() || !this.#isQuiet())) return true;
    this.world.checkEnds([...this.#asking.waiting.values()]);
    return false;
  }

  /** Whoever packs parcels does so. True where there was something to do. */
  #ship(): boolean {
    let isBusy = false;
    for (const [index, planned] of this.plan.orders.entries()) {
      const order = this.world.facts.orders.get(orderIdOfPlanned(planned));
      if (order?.status !== 'confirmed' || !order.requiresShipping || this.#shipped.has(order.orderId))
        continue;
      this.#shipped.add(order.orderId);
      this.#act({ kind: 'ship', order: index });
      isBusy = true;
    }
    return isBusy;
  }

  /** Whoever let a process stand still lets it go on. */
  #resume(): boolean {
    let isBusy = false;
    for (const [index, planned] of this.plan.orders.entries()) {
      if (!this.world.facts.paused.has(orderIdOfPlanned(planned))) continue;
      this.#act({ kind: 'operate', order: index, id: `resume ${this.world.steps}`, action: 'resume' });
      isBusy = true;
    }
    return isBusy;
  }

  /** Nothing is on its way, and no process waits for anything. */
  #isQuiet(): boolean {
    const { broker, database, facts, log, untold } = this.world;
    if (this.#asking.waiting.size > 0 || !broker.isEmpty || untold.size > 0) return false;
    const isDone = [...facts.orders.values()].every((order) => {
      const row = database.processes.get(order.orderId);
      const written = log.stream(`orderProcess-${order.orderId}`).length;
      return row?.status === 'DONE' && row.revision === BigInt(written - 1);
    });
    return isDone && behindTheLog(this.world).length === 0;
  }
}
