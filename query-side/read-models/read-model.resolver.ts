import { Query, Resolver } from '@nestjs/graphql';
import { ANYBODY_KNOWN, Allow } from '@orders/shared-events/http/access/permissions.js';
import type { ReadModelInfo } from '../graphql.generated.js';
import { PositionFeed } from '../feed/position-feed.js';

@Resolver()
export class ReadModelResolver {
  constructor(private readonly feed: PositionFeed) {}

  @Query('readModel')
  @Allow('catalogue:read', ...ANYBODY_KNOWN)
  readModel(): ReadModelInfo {
    return { position: this.feed.position?.toString() ?? null };
  }
}
