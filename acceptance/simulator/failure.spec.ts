import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Case } from './case.js';
import type { Mutant } from './mutants.js';
import { BuiltCopy } from './mutation.js';

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

function simulate(main: URL, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [fileURLToPath(main), ...args], (error, output, errors) =>
      resolve({ code: error ? Number(error.code ?? NaN) : 0, output, errors }),
    );
  });
}

const shipped = new URL('../dist/simulator/simulate.main.js', import.meta.url);

/** Faults that come up in most runs, and the rule that each breaks. */
const faults: (Mutant & { readonly rule: string; readonly steps: readonly string[] })[] = [
  {
    name: 'of the product',
    file: 'command-side/order/order.ts',
    find: ": [{ type: 'OrderCancellationRequested', data: { orderId: state.orderId, reason } }];",
    replace: ': NOTHING_NEW;',
    rule: 'what was answered stands in the log',
    steps: ['place order', 'cancel order'],
  },
  {
    name: 'that nobody deals with',
    file: 'command-side/command-consumer.ts',
    find: 'const refusal = await this.carryOut(message, command);',
    replace: `const refusal = await this.carryOut(message, command);
      void Promise.reject(new Error('nobody deals with it'));`,
    rule: 'no failure is dropped',
    steps: ['place order'],
  },
  {
    name: 'that is thrown out of the run',
    file: 'acceptance/simulator/channel.ts',
    find: 'const deliveryTag = ++this.#tags;',
    replace:
      "if (this.#tags === 0) throw new Error('out of the run');\n      const deliveryTag = ++this.#tags;",
    rule: 'nothing is thrown out of a run',
    steps: ['place order'],
  },
];

describe('a failure', () => {
  let copy: BuiltCopy;
  beforeEach(async () => {
    copy = await BuiltCopy.make();
  }, 60_000);
  afterEach(() => copy.remove());

  it.each(faults)(
    '$name is told with the rule, with no more steps than it needs, and with the line that shows it again',
    async ({ rule, steps, ...fault }) => {
      await copy.apply(fault);
      const main = copy.simulator('simulate.main.js');
      const found = await simulate(main, '--seed', '1', '--runs', '200');
      expect(found).toMatchObject({ code: 1, output: expect.stringContaining(`broken: ${rule}: `) });
      expect(found.output).toMatch(/^\d+ runs, \d+ steps .*: a rule was broken$/m);
      expect(found.output).toContain(`VIOLATION ${rule}: `);

      const [, printed] = /^again: npm run simulate -- --trace --replay '(.*)'$/m.exec(found.output) ?? [];
      const { steps: needed } = JSON.parse(printed ?? '') as Case;
      expect(needed).toHaveLength(steps.length);
      for (const step of steps) expect(found.output).toMatch(new RegExp(`^  after \\d+ steps: ${step}`, 'm'));

      const again = await simulate(main, '--trace', '--replay', printed ?? '');
      expect(again).toMatchObject({ code: 1, output: expect.stringContaining(`VIOLATION ${rule}: `) });
      expect(await simulate(shipped, '--replay', printed ?? '')).toMatchObject({ code: 0 });
    },
    120_000,
  );

  it('of the simulator itself ends it, and is no finding', async () => {
    const fault = {
      name: 'no plan',
      file: 'acceptance/simulator/plan.ts',
      find: 'const dice = new Dice(mixed(seed, run));',
      replace: "if (run === 30) throw new Error('no plan');\n  const dice = new Dice(mixed(seed, run));",
    };
    await copy.apply(fault);
    const main = copy.simulator('simulate.main.js');
    expect(await simulate(main, '--seed', '1', '--runs', '60')).toMatchObject({
      code: 70,
      errors: expect.stringContaining('no plan'),
      output: expect.not.stringContaining('violations'),
    });
  }, 60_000);
});
