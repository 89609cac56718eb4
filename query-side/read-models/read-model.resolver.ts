import { Query, Resolver } from '@nestjs/graphql';
import type { ReadModelInfo } from '../graphql.generated.js';
import { PositionFeed } from '../feed/position-feed.js';

@Resolver()
export class ReadModelResolver {
  constructor(private readonly feed: PositionFeed) {}

  @Query('readModel')
  readModel(): ReadModelInfo {
    return { position: this.feed.position?.toString() ?? null };
  }
}
