import { UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { stockStream } from '@orders/shared-events/contracts/ids.js';
import type { Answer } from '../answer.js';
import { OutageFilter } from '../graphql-errors.js';
import type { AdjustStockResult, ReceiveStockResult } from '../graphql.generated.js';
import { readInput } from '../input.js';
import { OPERATOR, addressed } from '../request.js';
import { adjustmentAnswer, receiptAnswer } from './stock.answer.js';
import { OnStock } from './stock.handler.js';
import { adjustStockInput, receiveStockInput } from './stock.input.js';

@Resolver()
@UseFilters(OutageFilter)
export class StockResolver {
  constructor(private readonly commands: CommandBus) {}

  @Mutation()
  async receiveStock(@Args('input') input: unknown): Promise<Answer<ReceiveStockResult>> {
    const request = readInput(receiveStockInput, input);
    if ('invalid' in request) return request.invalid;
    const { data } = request;
    const command = addressed(stockStream(data.sku), { type: 'ReceiveStock', data } as const, OPERATOR);
    return receiptAnswer(data, await this.commands.execute(new OnStock(command)));
  }

  @Mutation()
  async adjustStock(@Args('input') input: unknown): Promise<Answer<AdjustStockResult>> {
    const request = readInput(adjustStockInput, input);
    if ('invalid' in request) return request.invalid;
    const { data } = request;
    const adjustment = { type: 'AdjustStock', data } as const;
    const command = addressed(stockStream(data.sku), adjustment, OPERATOR, data.reason);
    return adjustmentAnswer(data, await this.commands.execute(new OnStock(command)));
  }
}
