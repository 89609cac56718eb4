import type { AdminClient } from './admin-client.js';
import type { AuditClient } from './audit-client.js';
import type { Terminal } from './terminal.js';

/** What a verb works with. */
export interface World {
  readonly admin: AdminClient;
  readonly audit: AuditClient;
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
}
