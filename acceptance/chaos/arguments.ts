import { WrongUsage, exitCodes, optionsIn } from '@orders/shared-events/transport/command-line.js';
import { type BrokerKind, brokers } from './brokers.js';
import { ORDERS_WHILE_FROZEN } from './disturbances.js';

export const usage = `Kills, freezes and cuts off parts of a running system under load, and says whether all came out as without that.

Usage: npm run chaos -- [options]

  --scale              two instances of each side, and one of two holders of leases frozen meanwhile; else one of each
  --broker KIND        ${Object.keys(brokers).join(' or ')} (a cluster of three nodes of the installed RabbitMQ); both, one after the other, unless told
  --orders N           orders that are placed while processes are killed; 300 unless told
  --kills N            how many are; 30 unless told
  --outage-minutes M   how long the broker is away afterwards, under load; 10 unless told, 0: not at all
  --seed N             who is killed, and when; without it one is drawn, and printed
  --help               this text

Everything runs on data of its own and ports that are free. What is done is told on standard error, what came of it on
standard output.

Exit codes: ${exitCodes.done} all as without chaos, ${exitCodes.failed} something is not, ${exitCodes.usage} wrong usage, ${exitCodes.unreachable} RabbitMQ is not installed
`;

export interface Arguments {
  readonly scale: boolean;
  readonly brokers: readonly BrokerKind[];
  readonly orders: number;
  readonly kills: number;
  readonly outageMinutes: number;
  readonly seed: number | undefined;
  readonly help: boolean;
}

const MOST_SEED = 0xffff_ffff;

/** Throws WrongUsage. */
export function readArguments(argv: readonly string[]): Arguments {
  const values = optionsIn(argv, {
    scale: { type: 'boolean', default: false },
    broker: { type: 'string' },
    orders: { type: 'string', default: '300' },
    kills: { type: 'string', default: '30' },
    'outage-minutes': { type: 'string', default: '10' },
    seed: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  });
  const [orders, kills] = [
    numberIn('orders', values.orders, 1, 100_000),
    numberIn('kills', values.kills, 1, 10_000),
  ];
  if (orders < kills + ORDERS_WHILE_FROZEN)
    throw new WrongUsage(
      `--orders must be at least ${ORDERS_WHILE_FROZEN} more than --kills: some are placed before each`,
    );
  return {
    scale: values.scale,
    brokers: values.broker === undefined ? kinds : [brokerIn(values.broker)],
    ...{ orders, kills },
    outageMinutes: numberIn('outage-minutes', values['outage-minutes'], 0, 1_440),
    seed: values.seed === undefined ? undefined : numberIn('seed', values.seed, 0, MOST_SEED),
    help: values.help,
  };
}

const kinds = Object.keys(brokers) as BrokerKind[];

function brokerIn(name: string): BrokerKind {
  const found = kinds.find((kind) => kind === name);
  if (found) return found;
  throw new WrongUsage(`--broker must be ${kinds.join(' or ')}`);
}

function numberIn(name: string, text: string, least: number, most: number): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw new WrongUsage(`--${name} must be a whole number from ${least} to ${most}`);
}
