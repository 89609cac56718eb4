import type { INestApplication } from '@nestjs/common';
import helmet from 'helmet';
import type { Server } from 'node:http';

/** A caller who sends its headers more slowly than this holds a connection for nothing. */
const HEADERS_MS = 10_000;
/** The same of its whole request. An answer may take longer. */
const REQUEST_MS = 30_000;

/**
 * What every server of HTTP here does: headers by which browsers are careful, and an end to requests that do not come.
 * Pages set what scripts they allow themselves. Before anything else that answers.
 */
export function harden(app: INestApplication): void {
  app.use(
    helmet({
      contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
      // Only where TLS ends, which is before this: https://www.rfc-editor.org/rfc/rfc6797#section-7.2
      strictTransportSecurity: false,
    }),
  );
  const server = app.getHttpServer() as Server;
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
}
