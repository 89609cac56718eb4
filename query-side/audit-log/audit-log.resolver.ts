import { UseFilters } from '@nestjs/common';
import { Args, Query, Resolver } from '@nestjs/graphql';
import { BadInputFilter, OutageFilter } from '../graphql/bad-input.filter.js';
import { auditLogFilterInput, parse } from '../graphql/input.js';
import { globalId } from '../paging/global-id.js';
import { type PageArguments, mapNodes } from '../paging/page.js';
import { AuditLogQueries, type AuditLogRow } from './audit-log.queries.js';

@Resolver('AuditLogEntry')
@UseFilters(OutageFilter, BadInputFilter)
export class AuditLogResolver {
  constructor(private readonly entries: AuditLogQueries) {}

  @Query('auditLog')
  async page(@Args() args: PageArguments & { filter?: unknown }) {
    const filter = parse(auditLogFilterInput, args.filter ?? {}, 'filter');
    return mapNodes(await this.entries.page(filter, args), entryNode);
  }
}

const entryNode = (row: AuditLogRow) => ({
  ...row,
  id: globalId('AuditLogEntry', row.position),
  actor: { kind: row.actorKind.toUpperCase(), subject: row.actorSubject },
});
