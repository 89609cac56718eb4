/**
 * Where the definitions of the order process differ. A process keeps the version that it started with, so a rule is
 * never changed: a version with another one comes beside it.
 */
export interface Rules {
  /**
   * What a decline leads to where the provider wanted the customer to act, who may then pay in another way. Whether
   * there was still time for it is known from when the process heard of the decline, or from the log: what the
   * customer did in time may stand behind a decline that is heard late.
   */
  readonly afterDecline: 'give up' | 'wait while there is time' | 'wait for the deadline';
  /**
   * Which refusals count where a SKU was asked for once more. That of a copy of the first request is recorded where the
   * clock of who decides it is behind, or by command sides of before.
   */
  readonly refusedReservation: 'of any request' | 'of the last request';
}

const RULES: Readonly<Record<number, Rules>> = {
  1: { afterDecline: 'give up', refusedReservation: 'of any request' },
  2: { afterDecline: 'wait while there is time', refusedReservation: 'of any request' },
  3: { afterDecline: 'wait for the deadline', refusedReservation: 'of the last request' },
};

/** The version that new processes start with, and keep. */
export const CURRENT_DEFINITION = 3;

/** A process was started by a newer build than this one. */
export class UnknownDefinition extends Error {
  override readonly name = 'UnknownDefinition';
}

export function rulesOf(definition: number): Rules {
  const rules = RULES[definition];
  if (!rules) throw new UnknownDefinition(`unknown definition ${definition} of the order process`);
  return rules;
}
