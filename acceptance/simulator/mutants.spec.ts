import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { mutants } from './mutants.js';
import { DoesNotApply, mutated } from './mutation.js';

const main = fileURLToPath(new URL('../dist/simulator/mutants.main.js', import.meta.url));

/**
 * What bounds the search is its number of runs. How long those take is the machine's affair: this is for a search that
 * never ends.
 */
const DEADLINE_MS = 600_000;

function find(only: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const command = [main, '--only', only, '--json'];
    execFile(process.execPath, command, { timeout: DEADLINE_MS }, (error, output) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output }),
    );
  });
}

describe('the deliberate faults', () => {
  it.each(mutants)('$name: applies to what is shipped', (mutant) => {
    expect(mutated(mutant)).toContain(mutant.replace);
  });

  it('have names of their own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  it('that do not apply any more are errors', () => {
    const [one] = mutants;
    expect(() => mutated({ ...one!, find: 'what nobody wrote' })).toThrow(DoesNotApply);
    expect(() => mutated({ ...one!, find: ' ' })).toThrow(DoesNotApply);
  });

  it.each([
    ['no deadline', 'every order comes to its end'],
    ['acknowledged before the commit', 'what is acknowledged was dealt with'],
  ])(
    '%s: is found',
    async (name, rule) => {
      const { code, output } = await find(name);
      expect({ code, ...(JSON.parse(output) as object) }).toMatchObject({
        ...{ code: 0, findings: [{ name, rule, run: expect.any(Number) }] },
      });
    },
    DEADLINE_MS + 10_000,
  );
});
