import { exitCodes } from '@orders/shared-events/transport/command-line.js';
import { oneLine } from '@orders/shared-events/transport/one-line.js';
import { z } from 'zod';
import type { Page } from './admin-client.js';
import { ApiRefusal, bearer, decoded, exchange, refusalOf } from './api-answer.js';

/** As GraphQL's `auditLog` takes it. */
export interface AuditFilter {
  readonly stream?: string | undefined;
  readonly type?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly actor?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface AuditRange {
  readonly newestFirst: boolean;
  readonly limit: number;
}

const QUERY = `query ($filter: AuditLogFilter, $first: Int, $after: String, $last: Int, $before: String) {
  auditLog(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
    edges {
      node {
        position eventId stream revision type schemaVersion actor { kind subject } reason
        correlationId causationId commandId occurredAt recordedAt data
      }
    }
    pageInfo { hasNextPage endCursor hasPreviousPage startCursor }
  }
}`;

const Answer = z.object({
  data: z.object({
    auditLog: z.object({
      edges: z.array(z.object({ node: z.unknown() })),
      pageInfo: z.object({
        hasNextPage: z.boolean(),
        endCursor: z.string().nullable(),
        hasPreviousPage: z.boolean(),
        startCursor: z.string().nullable(),
      }),
    }),
  }),
});

const Errors = z.object({
  errors: z.array(
    z.object({ message: z.string(), extensions: z.object({ code: z.string() }).partial().default({}) }),
  ),
});

const DEADLINE_MS = 10_000;
const ROWS_A_PAGE = 100;

/** The audit log of the query side. Each call throws ApiRefusal, NotUnderstood, NotRunning or Interrupted. */
export class AuditClient {
  /** @param url of GraphQL; asked for once it is needed */
  constructor(
    private readonly url: () => string,
    private readonly token: string | undefined,
    private readonly signal: AbortSignal,
  ) {}

  /** What fulfils all of the filter, in the order of the log, or of `occurredAt` where that is filtered by. */
  async *pages(filter: AuditFilter, { newestFirst, limit }: AuditRange): AsyncGenerator<Page> {
    let cursor: string | undefined;
    for (let left = limit; left > 0;) {
      const rows = Math.min(left, ROWS_A_PAGE);
      const { edges, pageInfo } = await this.#page(
        newestFirst ? { filter, last: rows, before: cursor } : { filter, first: rows, after: cursor },
      );
      const nodes = edges.map(({ node }) => node);
      const more = newestFirst ? pageInfo.hasPreviousPage : pageInfo.hasNextPage;
      yield { rows: newestFirst ? nodes.reverse() : nodes, more };
      cursor = (newestFirst ? pageInfo.startCursor : pageInfo.endCursor) ?? undefined;
      left = more ? left - rows : 0;
    }
  }

  async #page(variables: object) {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(this.token) },
      body: JSON.stringify({ query: QUERY, variables }),
    };
    const how = { name: 'GraphQL', deadlineMs: DEADLINE_MS, signal: this.signal };
    const { response, body } = await exchange(new URL(this.url()), init, how);
    const [error] = Errors.safeParse(body).data?.errors ?? [];
    if (error) throw new ApiRefusal(oneLine(error.message), exitCodeOf(error.extensions.code), body);
    if (!response.ok) throw refusalOf(response.status, body);
    return decoded(Answer, body).data.auditLog;
  }
}

function exitCodeOf(code: string | undefined): number {
  if (code === 'BAD_USER_INPUT' || code === 'GRAPHQL_VALIDATION_FAILED') return exitCodes.usage;
  if (code === 'UNAUTHENTICATED' || code === 'FORBIDDEN') return exitCodes.notAllowed;
  return code === 'SERVICE_UNAVAILABLE' ? exitCodes.unreachable : exitCodes.failed;
}
