import type { Effects } from '../process.js';
import type { MemoryLog } from './memory-log.js';
import { START } from './order-story.js';

/** Appends to that log, at one moment; whatever else a runner does comes to nothing. */
export const quietEffects = (log: MemoryLog): Effects => ({
  append: (to, expected, events) => log.append(to, expected, events),
  send: nothing,
  quarantine: nothing,
  release: nothing,
  readAgain: () => Promise.resolve([]),
  park: nothing,
  match: nothing,
  pause: nothing,
  now: () => START,
});

const nothing = (): Promise<void> => Promise.resolve();
