/** A rule that did not hold, and how. */
export interface Violation {
  readonly rule: string;
  readonly what: string;
}

export type Report = (rule: string, what: string) => void;
