import { z } from 'zod';
import { type Exchange, bearer, decoded, exchange, refusalOf } from './api-answer.js';

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface Page {
  readonly rows: readonly unknown[];
  /** Whether there are others behind it. */
  readonly more: boolean;
}

/** An action of the API: `ifMatch` as the header wants it. */
export interface Request {
  readonly path: string;
  readonly key: string;
  readonly ifMatch: string;
  readonly body: object;
  readonly dryRun: boolean;
}

interface Init {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const READ_DEADLINE_MS = 10_000;
/** The longest one, in which everything that it does has a deadline of its own. */
const ACTION_DEADLINE_MS = 60_000;
const ROWS_A_PAGE = 100;

/** The admin API. Each call throws ApiRefusal, NotUnderstood, NotRunning or Interrupted. */
export class AdminClient {
  /** @param url asked for once it is needed @param token what proves who asks */
  constructor(
    private readonly url: () => string,
    private readonly token: string | undefined,
    private readonly signal: AbortSignal,
  ) {}

  async get(
    path: string,
    query: Query = {},
  ): Promise<{ readonly body: unknown; readonly etag: string | null }> {
    const { response, body } = await this.#ask(path, query, {}, { deadlineMs: READ_DEADLINE_MS });
    return { body, etag: response.headers.get('etag') };
  }

  /**
   * The rows of a list, at most `limit` of them.
   * @param name under which the pages hold them
   */
  async *pages(path: string, name: string, query: Query, limit: number): AsyncGenerator<Page> {
    const schema = z.object({ [name]: z.array(z.unknown()), next: z.string().nullable() });
    let after: string | undefined;
    for (let left = limit; left > 0;) {
      const { body } = await this.get(path, { ...query, first: Math.min(left, ROWS_A_PAGE), after });
      const page = decoded(schema, body);
      const rows = z.array(z.unknown()).parse(page[name]);
      const next = z.string().nullable().parse(page['next']);
      yield { rows, more: next !== null };
      if (next === null) return;
      after = next;
      left -= rows.length;
    }
  }

  async act({ path, key, ifMatch, body, dryRun }: Request): Promise<unknown> {
    const headers = {
      ...{ 'content-type': 'application/json', 'idempotency-key': key },
      'if-match': ifMatch,
    };
    const answered = await this.#ask(
      path,
      { dryRun: String(dryRun) },
      { method: 'POST', headers, body: JSON.stringify(body) },
      {
        deadlineMs: ACTION_DEADLINE_MS,
        unanswered: dryRun ? undefined : `it may have been done: --key ${key} makes it the same request`,
      },
    );
    return answered.body;
  }

  async #ask(path: string, query: Query, init: Init, how: Pick<Exchange, 'deadlineMs' | 'unanswered'>) {
    const url = new URL(`${this.url()}${path}`);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const headers = { ...init.headers, ...bearer(this.token) };
    const answered = await exchange(
      url,
      { ...init, headers },
      { name: 'the admin API', signal: this.signal, ...how },
    );
    const { response, body } = answered;
    if (!response.ok) throw refusalOf(response.status, body);
    return answered;
  }
}
