import { pino } from 'pino';

/** Where a spec asserts outcomes, the log is noise. */
export const silent = pino({ level: 'silent' });
