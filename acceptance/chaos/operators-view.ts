import { sleep } from '@orders/shared-events/transport/waiting.js';
import { get } from '../client.js';

export interface LeaseView {
  readonly name: string;
  readonly holder: string | null;
  /** Rises each time that somebody else takes it. */
  readonly token: string;
}

const ASK_AGAIN_MS = 100;

/** What the first of these instances answers that is there. Throws where none is for a minute. */
export async function anyOf<Body>(urls: readonly string[], path: string, deadlineMs = 60_000): Promise<Body> {
  const deadline = performance.now() + deadlineMs;
  for (let turn = 0; ; turn++) {
    try {
      return await get<Body>(`${urls[turn % urls.length]}${path}`);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(ASK_AGAIN_MS);
    }
  }
}

export async function leasesOf(admins: readonly string[]): Promise<readonly LeaseView[]> {
  const { leases } = await anyOf<{ leases: readonly LeaseView[] }>(admins, '/leases');
  return leases;
}

/** Those who hold leases, and how many each. */
export function holdersOf(leases: readonly LeaseView[]): ReadonlyMap<string, number> {
  const holders = new Map<string, number>();
  for (const { holder } of leases) if (holder !== null) holders.set(holder, (holders.get(holder) ?? 0) + 1);
  return holders;
}

/** The leases that somebody took since then: their tokens have risen. */
export const takenSince = (before: readonly LeaseView[], now: readonly LeaseView[]): readonly string[] =>
  now
    .filter(({ name, token }) => {
      const then = before.find((lease) => lease.name === name);
      return then !== undefined && BigInt(token) > BigInt(then.token);
    })
    .map(({ name }) => name);

interface Ready {
  readonly details?: { readonly projection?: { readonly builder?: string } };
}

/** What each instance of the query side does for the read models; empty where it does not say. */
export const buildersOf = (queries: readonly string[]): Promise<string[]> =>
  Promise.all(
    queries.map(async (url) => {
      const response = await fetch(new URL('/health/ready', url)).catch(() => undefined);
      const { details } = ((await response?.json()) ?? {}) as Ready;
      return details?.projection?.builder ?? '';
    }),
  );

/** Whether one builds the read models and all others stand by. */
export function isOneAtWork(builders: readonly string[]): boolean {
  const atWork = builders.filter((builder) => builder === 'projecting');
  const standingBy = builders.filter((builder) => builder === 'standing by');
  return atWork.length === 1 && standingBy.length === builders.length - 1;
}
