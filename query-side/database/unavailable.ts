import { isDatabaseOutage } from '@orders/shared-events/transport/outage.js';

/** Invalid schema, undefined table: a database that no build was ever promoted in. */
const NO_BUILD_YET = ['3F000', '42P01'];

/** Whether an error of a query means that the database cannot answer at the moment, rather than a fault of ours. */
export function isUnavailable(error: unknown): boolean {
  const hasNoBuild = error instanceof Error && 'code' in error && NO_BUILD_YET.includes(String(error.code));
  return hasNoBuild || isDatabaseOutage(error);
}
