import { SetMetadata } from '@nestjs/common';
import { type Permission, type Role, STAFF, type Scope, roles } from './principal.js';

export { STAFF };

export const ACCESS = 'orders:access';

/** What stands at a route or resolver: who may use it. Where nothing stands, nobody may. */
export type Access = Permission | 'everybody';

/** People in these roles, and services with that scope. */
export const Allow = (scope: Scope, ...roles: readonly Role[]): MethodDecorator & ClassDecorator =>
  SetMetadata<string, Access>(ACCESS, { scope, roles });

/** Also who does not say who they are. */
export const Everybody = (): MethodDecorator & ClassDecorator =>
  SetMetadata<string, Access>(ACCESS, 'everybody');

/** Customers, and who runs the shop. */
export const ANYBODY_KNOWN = roles;
