import { UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { stockStream } from '@orders/shared-events/contracts/ids.js';
import { Caller } from '@orders/shared-events/http/access/access.guard.js';
import { Allow, STAFF } from '@orders/shared-events/http/access/permissions.js';
import type { Principal } from '@orders/shared-events/http/access/principal.js';
import type { Answer } from '../answer.js';
import { OutageFilter } from '../graphql-errors.js';
import type { AdjustStockResult, ReceiveStockResult } from '../graphql.generated.js';
import { readInput } from '../input.js';
import { addressed } from '../request.js';
import { adjustmentAnswer, receiptAnswer } from './stock.answer.js';
import { OnStock } from './stock.handler.js';
import { adjustStockInput, receiveStockInput } from './stock.input.js';

@Resolver()
@UseFilters(OutageFilter)
export class StockResolver {
  constructor(private readonly commands: CommandBus) {}

  @Mutation()
  @Allow('stock:write', ...STAFF)
  async receiveStock(
    @Args('input') input: unknown,
    @Caller() caller: Principal,
  ): Promise<Answer<ReceiveStockResult>> {
    const request = readInput(receiveStockInput, input);
    if ('invalid' in request) return request.invalid;
    const { data } = request;
    const command = addressed(stockStream(data.sku), { type: 'ReceiveStock', data } as const, caller.actor);
    return receiptAnswer(data, await this.commands.execute(new OnStock(command)));
  }

  @Mutation()
  @Allow('stock:write', ...STAFF)
  async adjustStock(
    @Args('input') input: unknown,
    @Caller() caller: Principal,
  ): Promise<Answer<AdjustStockResult>> {
    const request = readInput(adjustStockInput, input);
    if ('invalid' in request) return request.invalid;
    const { data } = request;
    const adjustment = { type: 'AdjustStock', data } as const;
    const command = addressed(stockStream(data.sku), adjustment, caller.actor, data.reason);
    return adjustmentAnswer(data, await this.commands.execute(new OnStock(command)));
  }
}
