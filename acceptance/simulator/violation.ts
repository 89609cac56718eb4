/** A rule that did not hold, and how. */
export interface Violation {
  readonly rule: string;
  readonly what: string;
}

/** The rule that a run comes to its end without an error of the simulator, or of what it drives. */
export const THROWN = 'nothing is thrown out of a run';

/** An error, in words. */
export const said = (error: unknown): string =>
  error instanceof Error ? String(error.stack) : String(error);

export type Report = (rule: string, what: string) => void;
