/** Whether two values are the same as JSON, their keys in the same order. */
export const isSame = (left: unknown, right: unknown): boolean =>
  JSON.stringify(left) === JSON.stringify(right);
