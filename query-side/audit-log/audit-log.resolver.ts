import { UseFilters } from '@nestjs/common';
import { Args, Query, Resolver } from '@nestjs/graphql';
import { Allow, STAFF } from '@orders/shared-events/http/access/permissions.js';
import type { AuditActorKind, AuditLogEntry, QueryAuditLogArgs } from '../graphql.generated.js';
import { BadInputFilter, OutageFilter } from '../graphql/bad-input.filter.js';
import { auditLogFilterInput, parse } from '../graphql/input.js';
import { globalId } from '../paging/global-id.js';
import { type Connection, mapNodes } from '../paging/page.js';
import { AuditLogQueries, type AuditLogRow } from './audit-log.queries.js';

@Resolver('AuditLogEntry')
@UseFilters(OutageFilter, BadInputFilter)
export class AuditLogResolver {
  constructor(private readonly entries: AuditLogQueries) {}

  @Query('auditLog')
  @Allow('audit:read', ...STAFF)
  async page(@Args() args: QueryAuditLogArgs): Promise<Connection<AuditLogEntry>> {
    const filter = parse(auditLogFilterInput, args.filter ?? {}, 'filter');
    return mapNodes(await this.entries.page(filter, args), entryNode);
  }
}

const ACTOR_KINDS = {
  customer: 'CUSTOMER',
  operator: 'OPERATOR',
  service: 'SERVICE',
  system: 'SYSTEM',
} as const satisfies Record<AuditLogRow['actorKind'], AuditActorKind>;

const entryNode = (row: AuditLogRow): AuditLogEntry => ({
  ...row,
  id: globalId('AuditLogEntry', row.position),
  actor: { kind: ACTOR_KINDS[row.actorKind], subject: row.actorSubject },
});
