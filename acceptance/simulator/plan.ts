import { operatorActions } from '@orders/process-managers/order-process/operator-actions.js';
import { RESERVATION_WINDOW_MS } from '@orders/process-managers/order-process/stock-leg.js';
import { processSettings, type ProcessSettings } from '@orders/process-managers/configuration.js';
import { z } from 'zod';
import { Dice, mixed } from './chance.js';
import { type Weather, servers, weatherOf } from './mishaps.js';
import type { Action, Server } from './actions.js';
import { type PaymentMethod, natures } from './natures.js';

export interface PlannedProduct {
  readonly sku: string;
  readonly price: number;
  readonly requiresShipping: boolean;
  readonly inStock: number;
}

export interface PlannedOrder {
  readonly customerId: string;
  readonly idempotencyKey: string;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
  readonly paymentMethod: PaymentMethod;
  readonly captureMethod: 'AUTOMATIC' | 'MANUAL';
}

const SERVERS = ['broker', ...Object.keys(servers)] as [Server, ...Server[]];

export interface PlannedStep {
  /** It is taken once so many steps have been, or earlier where nothing else happens. */
  readonly after: number;
  readonly action: Action;
}

/** All of a run that is decided before it begins. */
export interface Plan {
  readonly seed: number;
  readonly products: readonly PlannedProduct[];
  readonly orders: readonly PlannedOrder[];
  readonly steps: readonly PlannedStep[];
  /** After so many steps nothing goes wrong any more. */
  readonly troubleFor: number;
  /** The names of those that run; several of a kind share the work. */
  readonly commandSides: Names;
  readonly processManagers: Names;
  /** How far the clocks of some of them are from the true time, by their names. */
  readonly skewsMs: Readonly<Record<string, number>>;
  /** Whether the provider tells what it did by itself, too. */
  readonly notifies: boolean;
  readonly settings: ProcessSettings;
  readonly paceMs: number;
  readonly weather: Weather;
  /** Whether payments are compared with the provider's books meanwhile. */
  readonly reconciles: boolean;
}

const MOST_STEPS = 200;
const SKUS = ['TEA', 'MUG', 'POT'] as const;

/** The plan of one run. */
export function planOf(seed: number, run: number): Plan {
  const dice = new Dice(mixed(seed, run));
  const products = SKUS.map((sku): PlannedProduct => ({
    ...{
      sku,
      price: dice.between(1, 50) * 50,
      requiresShipping: dice.happens(0.3),
      inStock: dice.between(0, 12),
    },
  }));
  const orders = Array.from({ length: dice.pick([1, 1, 2, 2, 3]) }, (_none, index) => orderOf(dice, index));
  const troubleFor = dice.between(20, MOST_STEPS);
  const commandSides = namesOf(dice, 'command side');
  const processManagers = namesOf(dice, 'process managers');
  return {
    seed: dice.bits(),
    products,
    orders,
    steps: stepsOf(dice, orders, troubleFor, [...processManagers, ...commandSides]),
    troubleFor,
    commandSides,
    processManagers,
    notifies: dice.happens(0.5),
    settings: settingsOf(dice),
    paceMs: dice.pick([4, 20, 200]),
    weather: weatherOf(dice),
    skewsMs: skewsOf(dice, [...processManagers, ...commandSides]),
    reconciles: dice.happens(0.25),
  };
}

/** How far a clock may be from the true time. */
export const MOST_SKEW_MS = 30_000;

/** In a quarter of the runs clocks are wrong. */
function skewsOf(dice: Dice, processes: Names): Plan['skewsMs'] {
  if (!dice.happens(0.25)) return {};
  return Object.fromEntries(processes.map((name) => [name, dice.between(-MOST_SKEW_MS, MOST_SKEW_MS)]));
}

type Names = readonly [string, ...string[]];

function namesOf(dice: Dice, what: string): Names {
  const first = `${what} 1`;
  return dice.happens(0.3) ? [first, `${what} 2`] : [first];
}

const METHODS = Object.keys(natures) as [PaymentMethod, ...PaymentMethod[]];

function orderOf(dice: Dice, index: number): PlannedOrder {
  const lines = Array.from({ length: dice.between(1, 3) }, () => ({
    sku: dice.pick(SKUS),
    quantity: dice.between(1, 3),
  }));
  return {
    customerId: `customer-${index + 1}`,
    idempotencyKey: `cart-${index + 1}`,
    lines,
    paymentMethod: dice.happens(0.5) ? 'pm_approve' : dice.pick(METHODS),
    captureMethod: dice.pick(['AUTOMATIC', 'MANUAL']),
  };
}

function stepsOf(
  dice: Dice,
  orders: readonly PlannedOrder[],
  until: number,
  processes: Names,
): PlannedStep[] {
  const placements = orders.flatMap((planned, order) => placementOf(dice, planned, order, until));
  const others = Array.from({ length: dice.between(0, 8) }, (_none, index): PlannedStep => ({
    after: dice.between(0, until),
    action: actionOf(dice, index, orders.length, processes),
  }));
  return [...placements, ...others].sort((one, other) => one.after - other.after);
}

/** Where the customer will fail at what the provider wants of them they may go on to pay in another way. */
function placementOf(
  dice: Dice,
  { paymentMethod }: PlannedOrder,
  order: number,
  until: number,
): PlannedStep[] {
  const after = dice.between(0, Math.floor(until / 3));
  const placement: PlannedStep = { after, action: { kind: 'place', order } };
  const fails = paymentMethod === 'pm_action_fails' || paymentMethod === 'pm_action_fails_soon';
  if (!fails || dice.happens(0.3)) return [placement];
  return [placement, { after: after + dice.between(8, 40), action: { kind: 'pay again', order } }];
}

function actionOf(dice: Dice, index: number, orders: number, processes: Names): Action {
  const [order, sku, process] = [dice.between(0, orders - 1), dice.pick(SKUS), dice.pick(processes)];
  const id = `step-${index}`;
  return dice.pick<Action>([
    { kind: 'place', order },
    { kind: 'place other', order },
    { kind: 'cancel', order },
    { kind: 'cancel', order },
    { kind: 'ship', order },
    { kind: 'ship', order },
    { kind: 'pay again', order },
    { kind: 'refund', order, id, share: dice.pick([0.1, 0.5, 1]) },
    { kind: 'operate', order, id, action: dice.pick(operatorActions) },
    { kind: 'operate', order, id, action: dice.pick(['pause', 'compensate']) },
    { kind: 'authorisation expires', order },
    { kind: 'receive', sku, id, quantity: dice.between(1, 5) },
    { kind: 'adjust', sku, id, quantity: dice.between(-3, 3) || 1 },
    { kind: 'reprice', sku, price: dice.between(1, 50) * 50 },
    { kind: 'crash', process },
    { kind: 'restart', process },
    { kind: 'freeze', process, ms: dice.between(500, 20_000) },
    { kind: 'freeze', process: processes[0], ms: dice.between(500, 20_000) },
    { kind: 'freeze', process: processes[0], ms: longerThanAReservation(dice) },
    { kind: 'away', server: 'broker', ms: dice.between(500, 30_000) },
    { kind: 'away', server: 'broker', ms: longerThanAReservation(dice) },
    { kind: 'away', server: dice.pick(SERVERS), ms: dice.between(500, 40_000) },
  ]);
}

const longerThanAReservation = (dice: Dice): number =>
  dice.between(RESERVATION_WINDOW_MS - 60_000, RESERVATION_WINDOW_MS + 60_000);

const SETTINGS = z.object(processSettings);

/**
 * As they come, or impatient: what takes a while is then too late. An hour of a provider that never answers has
 * thousands of repeats and shows nothing that minutes of it do not.
 */
function settingsOf(dice: Dice): ProcessSettings {
  const usual = { ...SETTINGS.parse({}), PROCESS_PROVIDER_RETRY_DEADLINE: 300_000 };
  if (dice.happens(0.5)) return usual;
  const soon = (): number => dice.between(6, 30) * 1_000;
  return {
    ...usual,
    PROCESS_PAYMENT_DEADLINE: soon(),
    PROCESS_CUSTOMER_ACTION_DEADLINE: soon(),
    PROCESS_PROVIDER_RETRY_DEADLINE: soon(),
    PROCESS_RESERVATION_DEADLINE: soon(),
    PROCESS_CAPTURE_DEADLINE: soon(),
    PROCESS_CONFIRMATION_DEADLINE: soon(),
    PROCESS_REFUND_DEADLINE: soon(),
    PROCESS_COMPENSATION_DEADLINE: soon(),
    PROCESS_RESEND_INTERVAL: 2_000,
    PROCESS_RESEND_INTERVAL_MAX: 20_000,
  };
}
