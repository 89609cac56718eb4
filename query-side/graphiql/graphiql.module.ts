import { type DynamicModule, Module } from '@nestjs/common';
import { GRAPHIQL_TOKEN, GraphiqlController } from './graphiql.controller.js';

@Module({})
export class GraphiqlModule {
  /** @param token that the page has filled in: everybody who gets at the page has it, so never one of a real system */
  static register(token: string | undefined): DynamicModule {
    const providers = [{ provide: GRAPHIQL_TOKEN, useValue: token ?? null }];
    return { module: GraphiqlModule, controllers: [GraphiqlController], providers };
  }
}
