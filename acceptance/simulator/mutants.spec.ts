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

function find(...options: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...options], { timeout: DEADLINE_MS }, (error, output) =>
      resolve({ code: error ? Number(error.code ?? NaN) : 0, output }),
    );
  });
}

interface Found {
  readonly seed: number;
  readonly findings: readonly { readonly name: string; readonly rule?: string; readonly run?: number }[];
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

  it(
    'are each found, but for the rare ones',
    async () => {
      const { code, output } = await find('--common', '--json');
      const { findings } = JSON.parse(output) as Found;
      expect({ code, lost: findings.filter(({ rule }) => rule === undefined) }).toEqual({
        code: 0,
        lost: [],
      });
      expect(findings.map(({ name }) => name)).toEqual(
        mutants.filter(({ isRare }) => !isRare).map(({ name }) => name),
      );
    },
    DEADLINE_MS + 10_000,
  );

  it(
    'are told in a table, with the rule and the run that found each',
    async () => {
      const { code, output } = await find('--only', 'no deadline');
      expect(code).toBe(0);
      expect(output).toMatch(/^fault +found by +in$/m);
      expect(output).toMatch(/^no deadline +every order comes to its end +--seed 1 --run \d+$/m);
      expect(output).toMatch(/^1 of 1 faults were found$/m);
    },
    DEADLINE_MS + 10_000,
  );
});
