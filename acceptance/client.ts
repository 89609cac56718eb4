import { ADMIN } from '@orders/shared-events/testing/access.js';
import { randomUUID } from 'node:crypto';

export interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

/** By origin, where it is not a system of the tests' own. */
const tokens = new Map<string, string>();

/** From now on requests to that system bear that token; else that of an admin of the tests' own systems. */
export const signIn = (url: string, token: string): void => void tokens.set(new URL(url).origin, token);

/** The header that says who asks. */
export function authorizationAt(url: string): Readonly<Record<'authorization', string>> {
  const token = tokens.get(new URL(url).origin);
  return token === undefined ? ADMIN : { authorization: `Bearer ${token}` };
}

/** Longer than anything here takes to answer: whoever does not by then is frozen, or gone without a word. */
const ANSWER_DEADLINE_MS = 30_000;

/** A GraphQL request over HTTP, answered with whatever the server says, errors included. */
export async function request<Data>(
  url: string,
  query: string,
  variables: object = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer<Data> & { readonly status: number; readonly headers: Headers }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorizationAt(url), ...headers },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(ANSWER_DEADLINE_MS),
  });
  const answer = (await response.json()) as Answer<Data>;
  return { ...answer, status: response.status, headers: response.headers };
}

/** The data of a request that must succeed. Throws with the server's errors. */
export async function ask<Data>(url: string, query: string, variables: object = {}): Promise<Data> {
  const { data, errors } = await request<Data>(url, query, variables);
  if (errors || !data) throw new Error(`GraphQL: ${JSON.stringify(errors)}`);
  return data;
}

/** Asks again while the system is away, as a shop's checkout does: with the same idempotency key nothing is doubled. */
export const askUntilAnswered = <Data>(url: string, query: string, variables: object): Promise<Data> =>
  untilAnswered(() => ask<Data>(url, query, variables));

/** Does again what fails, for a while, and throws what it fails with then. */
export async function untilAnswered<Answer>(
  work: () => Promise<Answer>,
  deadlineMs = 60_000,
): Promise<Answer> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

export const newKey = (): string => randomUUID();

/** A GET of the admin API that must succeed. */
export async function get<Body>(url: string): Promise<Body> {
  const signal = AbortSignal.timeout(ANSWER_DEADLINE_MS);
  const response = await fetch(url, { headers: authorizationAt(url), signal });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Body;
}
