import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SmallWorld } from '../testing/small-world.js';
import { pending } from './pending.js';

type Turn = (world: SmallWorld) => void;

const number = fc.nat({ max: 50 });
/** Weighted so that most runs get somewhere: the rare turns are the ones that undo. */
const turn: fc.Arbitrary<Turn> = fc.oneof(
  {
    weight: 6,
    arbitrary: number.map(
      (n): Turn =>
        (world) =>
          world.send(n),
    ),
  },
  { weight: 6, arbitrary: fc.constant<Turn>((world) => world.hearNext()) },
  {
    weight: 4,
    arbitrary: fc.boolean().map(
      (no): Turn =>
        (world) =>
          world.provider(no),
    ),
  },
  { weight: 3, arbitrary: fc.constant<Turn>((world) => world.provider(false)) },
  {
    weight: 2,
    arbitrary: number.map(
      (n): Turn =>
        (world) =>
          world.resend(n),
    ),
  },
  {
    weight: 2,
    arbitrary: number.map(
      (n): Turn =>
        (world) =>
          world.hearAgain(n),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Turn>((world) => world.ship()) },
  { weight: 1, arbitrary: fc.constant<Turn>((world) => world.passDeadline()) },
  { weight: 1, arbitrary: fc.constant<Turn>((world) => world.requestCancellation()) },
);

const skus = ['SKU-A', 'SKU-B', 'SKU-C'];
const terms = fc.record({
  captureMethod: fc.constantFrom('AUTOMATIC' as const, 'MANUAL' as const),
  lines: fc.array(fc.record({ sku: fc.constantFrom(...skus), requiresShipping: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  }),
  inStock: fc.oneof({ weight: 3, arbitrary: fc.constant(skus) }, { weight: 1, arbitrary: fc.subarray(skus) }),
});

const runs = fc.record({ terms, turns: fc.array(turn, { maxLength: 80 }) });

/** From here on everything arrives, and the provider does as it is told. */
function settle(world: SmallWorld): void {
  for (let round = 0; round < 200 && !(world.quiet && world.process.process.stage === 'done'); round++) {
    while (!world.quiet) world.hearNext();
    for (const [index] of pending(world.process.process).entries()) world.send(index);
    world.provider(false);
    world.ship();
  }
}

const after = ({
  terms: chosen,
  turns,
}: {
  terms: ConstructorParameters<typeof SmallWorld>[0];
  turns: Turn[];
}) => {
  const world = new SmallWorld(chosen);
  for (const take of turns) take(world);
  return world;
};

describe('whatever is lost, doubled, delayed or refused on the way', () => {
  it('no order is ended while money or stock is held, and none is confirmed without both', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const world = after(run);
        settle(world);
        expect(world.violations).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('every process comes to its end, with the money where the order is', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const world = after(run);
        settle(world);
        const { stage, reservations } = world.process.process;
        expect(stage).toBe('done');
        if (world.orderStatus === 'completed') {
          expect([world.moneyHeld, world.refundsDone, world.committed]).toEqual([
            true,
            0,
            reservations.length,
          ]);
        } else {
          expect(['rejected', 'cancelled']).toContain(world.orderStatus);
          expect([world.moneyHeld, world.stockHeld, world.committed]).toEqual([false, false, 0]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('the outstanding commands follow from state alone, and each has an id of its own', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const { process } = after(run).process;
        const commands = pending(process);
        expect(pending(structuredClone(process))).toEqual(commands);
        expect(new Set(commands.map(({ commandId }) => commandId)).size).toBe(commands.length);
      }),
    );
  });

  it('hearing everything once more changes nothing', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const world = after(run);
        const before = world.process.process;
        world.hearAgain(0);
        expect(world.process.process).toBe(before);
      }),
    );
  });
});
