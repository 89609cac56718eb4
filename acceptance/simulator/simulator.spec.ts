import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { orderEvents } from '@orders/shared-events/contracts/order.events.js';
import { orderProcessEvents } from '@orders/shared-events/contracts/orderProcess.events.js';
import { paymentEvents } from '@orders/shared-events/contracts/payment.events.js';
import { productEvents } from '@orders/shared-events/contracts/product.events.js';
import { stockEvents } from '@orders/shared-events/contracts/stock.events.js';
import { mishaps } from './mishaps.js';
import type { Seen } from './seen.js';

const main = fileURLToPath(new URL('../dist/simulator/simulate.main.js', import.meta.url));

/** `npm run simulate -- ...`, as it is built. */
function simulate(...args: string[]): Promise<{ code: number; output: string; errors: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { maxBuffer: 100_000_000 }, (error, output, errors) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output, errors }),
    );
  });
}

interface Summary {
  readonly seen: Seen;
  readonly seed: number;
  readonly runs: number;
  readonly steps: number;
  readonly fingerprint: number;
  readonly violations: readonly object[];
}
/** Nobody but us touches the provider here, nothing is unreadable, and hardly an order needs an operator. */
const NEVER = ['ProviderNotificationUnmatched', 'OrderProcessReleased', 'OrderProcessInterventionResolved'];
/** Deliberate faults show that they come. */
const RARE = ['PaymentDiscrepancyDetected', 'StockReservationExpired'];

const summary = async (...args: string[]): Promise<Summary> =>
  JSON.parse((await simulate('--json', ...args)).output) as Summary;

describe('npm run simulate', () => {
  it('finds no rule broken, whatever the seed', async () => {
    const seed = randomInt(2 ** 32);
    console.log(`npm run simulate -- --seed ${seed} --runs 400`);
    const { code, output } = await simulate('--seed', String(seed), '--runs', '400');
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('0 violations') });
  }, 120_000);

  it('says the same to the byte for the same seed, however many threads there are', async () => {
    const runs = ['--seed', '7', '--runs', '60', '--trace'];
    const [once, again, alone] = await Promise.all([
      simulate(...runs, '--workers', '2'),
      simulate(...runs, '--workers', '2'),
      simulate(...runs, '--workers', '1'),
    ]);
    // How long it took stands in the last line.
    const told = ({ output }: { output: string }) =>
      output.slice(0, output.lastIndexOf('\n', output.length - 2));
    expect(told(once)).toContain('OrderPlaced');
    expect(told(again)).toBe(told(once));
    expect(told(alone)).toBe(told(once));
  }, 60_000);

  it('has a fingerprint of all that happened', async () => {
    const [once, again, other] = await Promise.all([
      summary('--seed', '7', '--runs', '30'),
      summary('--seed', '7', '--runs', '30', '--workers', '1'),
      summary('--seed', '8', '--runs', '30'),
    ]);
    expect(again).toMatchObject({ runs: 30, steps: once.steps, fingerprint: once.fingerprint });
    expect(other.fingerprint).not.toBe(once.fingerprint);
  }, 60_000);

  it('comes by everything that may go wrong, and by what that leads to', async () => {
    const { seen } = await summary('--seed', '7', '--runs', '1200');
    const all = Object.entries(mishaps).flatMap(([operation, kinds]) =>
      Object.keys(kinds).map((kind) => `${operation}: ${kind}`),
    );
    expect(Object.keys(seen.mishaps)).toEqual(expect.arrayContaining(all));
    const types = [orderEvents, paymentEvents, stockEvents, productEvents, orderProcessEvents].flatMap(
      (events) => Object.keys(events),
    );
    const expected = types.filter((type) => ![...NEVER, ...RARE].includes(type));
    expect(Object.keys(seen.events)).toEqual(expect.arrayContaining(expected));
  }, 300_000);

  it('shows one run, or a case, again', async () => {
    const { output } = await simulate('--seed', '7', '--run', '3', '--trace');
    expect(output).toMatch(/^seed 7, runs 3 to 3\nrun 3\n +0\.000 s {4}1 command side 1 starts\n/);
    const shown = { seed: 7, run: 3, steps: [], mishaps: [] };
    const replayed = await simulate('--replay', JSON.stringify(shown), '--trace');
    expect(replayed).toMatchObject({ code: 0, output: expect.not.stringContaining('goes wrong:') });
  }, 60_000);

  it('says wrong usage in one line, and how it is meant', async () => {
    expect(await simulate('--speed', '9')).toMatchObject({
      code: 64,
      errors: expect.stringMatching(/^Unknown option '--speed'[^\n]*\n\nDrives/),
    });
    expect(await simulate('--help')).toMatchObject({ code: 0, output: expect.stringMatching(/^Drives/) });
  }, 60_000);
});
