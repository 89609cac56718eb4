import { UnknownEventType } from '@orders/shared-events/contracts/catalogue.js';
import { UnknownVersion } from '@orders/shared-events/contracts/versions.js';
import { UnknownDefinition } from './order-process/rules.js';

/** The stream of a process holds what this build cannot fold: it is damaged, or newer. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/** Whether what cannot be dealt with was written by a newer build, which can. */
export function isForNewerBuild(error: unknown): boolean {
  if (error instanceof Unreadable) return isForNewerBuild(error.cause);
  return [UnknownVersion, UnknownDefinition, UnknownEventType].some((kind) => error instanceof kind);
}
