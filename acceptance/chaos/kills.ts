import type { Dice } from '../simulator/chance.js';

/** A process that is killed, so long after the one before it was. */
export interface Kill {
  readonly victim: string;
  readonly afterMs: number;
}

/** By then some of what was just begun is recorded and some is not. */
const MOST_AFTER_MS = 1_500;

/** Everyone's turn comes before anybody's second; who it is when, and when that is, is by chance. */
export function drawKills(dice: Dice, names: readonly string[], count: number): Kill[] {
  const kills: Kill[] = [];
  let left: string[] = [];
  while (kills.length < count && names.length > 0) {
    if (left.length === 0) left = [...names];
    const [victim = ''] = left.splice(dice.between(0, left.length - 1), 1);
    kills.push({ victim, afterMs: dice.between(0, MOST_AFTER_MS) });
  }
  return kills;
}
