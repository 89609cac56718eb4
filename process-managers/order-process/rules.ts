/**
 * Where the definitions of the order process differ. A process keeps the version that it started with, so a rule is
 * never changed: a version with another one comes beside it.
 */
export interface Rules {
  /** What a decline leads to where the provider wanted the customer to act and there is still time to pay in another way. */
  readonly afterDecline: 'give up' | 'wait';
}

const RULES: Readonly<Record<number, Rules>> = {
  1: { afterDecline: 'give up' },
  2: { afterDecline: 'wait' },
};

/** The version that new processes start with, and keep. */
export const CURRENT_DEFINITION = 2;

/** A process was started by a newer build than this one. */
export class UnknownDefinition extends Error {
  override readonly name = 'UnknownDefinition';
}

export function rulesOf(definition: number): Rules {
  const rules = RULES[definition];
  if (!rules) throw new UnknownDefinition(`unknown definition ${definition} of the order process`);
  return rules;
}
