import { Query, Resolver } from '@nestjs/graphql';
import { PositionFeed } from '../feed/position-feed.js';

@Resolver()
export class ReadModelResolver {
  constructor(private readonly feed: PositionFeed) {}

  @Query('readModel')
  readModel(): { position: string | null } {
    return { position: this.feed.position?.toString() ?? null };
  }
}
