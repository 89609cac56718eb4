/**
 * The instant `milliseconds` after another, both RFC 3339 in UTC. Date is only the calendar here: the answer
 * depends on the arguments alone. Throws RangeError for what is no instant.
 */
export const later = (instant: string, milliseconds: number): string =>
  new Date(Date.parse(instant) + milliseconds).toISOString();
