import { UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { stockStream } from '@orders/shared-events/contracts/ids.js';
import type { Answer } from '../answer.js';
import { OutageFilter } from '../graphql-errors.js';
import type { ReceiveStockResult } from '../graphql.generated.js';
import { readInput } from '../input.js';
import { OPERATOR, addressed } from '../request.js';
import { receiptAnswer } from './stock.answer.js';
import { OnStock } from './stock.handler.js';
import { receiveStockInput } from './stock.input.js';

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
}
