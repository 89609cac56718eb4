import { UseFilters } from '@nestjs/common';
import { Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Allow, STAFF } from '@orders/shared-events/http/access/permissions.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { OutageFilter } from './graphql-errors.js';

@Resolver('CommandSideInfo')
@UseFilters(OutageFilter)
export class CommandSideResolver {
  constructor(private readonly eventStore: EventStore) {}

  @Query()
  @Allow('operations:read', ...STAFF)
  commandSide() {
    return {};
  }

  @ResolveField()
  async logHead(): Promise<string> {
    return (await this.eventStore.head()).toString();
  }
}
