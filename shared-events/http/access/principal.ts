import type { Actor } from '../../contracts/envelope.js';
import { CustomerId } from '../../contracts/ids.js';

/** What people are, by their token. */
export const roles = ['customer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** What a service may do, by its key. */
export const scopes = [
  'orders:read',
  'orders:write',
  'orders:fulfil',
  'payments:write',
  'catalogue:read',
  'catalogue:write',
  'stock:write',
  'audit:read',
  'operations:read',
  'operations:write',
] as const;
export type Scope = (typeof scopes)[number];

/** Who asks, as far as it could be proved. */
export interface Principal {
  /** Stands in every event that comes of it. */
  readonly actor: Actor;
  /** Of people; none of a service. */
  readonly roles: readonly Role[];
  /** Of services; none of a person. */
  readonly scopes: readonly Scope[];
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Who may do something: people in one of these roles, and services with that scope. */
export interface Permission {
  readonly roles: readonly Role[];
  readonly scope: Scope;
}

export const isAllowed = (principal: Principal, permission: Permission): boolean =>
  principal.actor.kind === 'service'
    ? principal.scopes.includes(permission.scope)
    : permission.roles.some((role) => principal.roles.includes(role));

/** Who runs the shop. */
export const STAFF = ['operator', 'admin'] as const satisfies readonly Role[];

export const isStaff = (own: readonly Role[]): boolean => STAFF.some((role) => own.includes(role));

/**
 * Whose orders it may see, and act upon: a customer's their own, and those of others do not exist for them. Undefined:
 * everybody's: who runs the shop sees all of it, and so does a service that may see orders at all.
 */
export function ownerOf({ actor, roles: own }: Principal): CustomerId | undefined {
  if (actor.kind === 'service' || isStaff(own)) return undefined;
  return CustomerId.parse(actor.subject);
}
