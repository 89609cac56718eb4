/** Where customers find the simulated provider's pages; a token of their own follows. */
export const CUSTOMER_ACTIONS = '/simulated-provider/actions';

/** What follows one of these in a path opens what is there to whoever has it. */
const SECRET_PATHS = [CUSTOMER_ACTIONS];

/**
 * The path of a request as a log may show it: without its query, and without what is as good as a password. Wherever
 * in it that comes, and however it is spelled: a proxy may put something before it, and routes ignore case.
 */
export function loggedPath(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  const ends = SECRET_PATHS.map((secret) => endOf(`${secret}/`, path)).filter((end) => end !== undefined);
  return ends.length === 0 ? path : `${path.slice(0, Math.min(...ends))}[redacted]`;
}

function endOf(part: string, path: string): number | undefined {
  const start = path.toLowerCase().indexOf(part);
  return start === -1 ? undefined : start + part.length;
}
