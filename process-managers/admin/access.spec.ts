import 'reflect-metadata';
import { expect, it } from '@jest/globals';
import { tableOf } from '@orders/shared-events/testing/access-table.js';
import { adminControllers } from './admin.module.js';

/** Nobody but who runs the shop has anything to do here; what changes something is for services with a scope of its own. */
it('each route says whom it is for', () => {
  const found = Object.entries(tableOf(adminControllers));
  const of = (access: string) => found.filter(([, one]) => one === access).map(([name]) => name);
  expect(of('everybody')).toEqual(['GET /health/live', 'GET /health/ready', 'GET /metrics']);
  const changing = of('operations:write: operator, admin');
  expect(changing.every((name) => /^(POST|PUT) /.test(name))).toBe(true);
  expect(of('operations:read: operator, admin').every((name) => name.startsWith('GET '))).toBe(true);
  expect(found).toHaveLength(
    of('everybody').length + changing.length + of('operations:read: operator, admin').length,
  );
  expect(changing).toContain('POST /processes/:orderId/compensate');
});
