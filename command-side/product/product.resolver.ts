import { UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { productStream } from '@orders/shared-events/contracts/ids.js';
import { Caller } from '@orders/shared-events/http/access/access.guard.js';
import { Allow, STAFF } from '@orders/shared-events/http/access/permissions.js';
import type { Principal } from '@orders/shared-events/http/access/principal.js';
import type { Answer } from '../answer.js';
import { OutageFilter } from '../graphql-errors.js';
import type { ChangePriceResult, RegisterProductResult } from '../graphql.generated.js';
import { readInput } from '../input.js';
import { addressed } from '../request.js';
import { priceAnswer, registrationAnswer } from './product.answer.js';
import { OnProduct } from './product.handler.js';
import { changePriceInput, registerProductInput } from './product.input.js';

@Resolver()
@UseFilters(OutageFilter)
export class ProductResolver {
  constructor(private readonly commands: CommandBus) {}

  @Mutation()
  @Allow('catalogue:write', ...STAFF)
  async registerProduct(
    @Args('input') input: unknown,
    @Caller() caller: Principal,
  ): Promise<Answer<RegisterProductResult>> {
    const request = readInput(registerProductInput, input);
    if ('invalid' in request) return request.invalid;
    const { price, ...product } = request.data;
    const command = { type: 'RegisterProduct', data: { ...product, ...asPrice(price) } } as const;
    const outcome = await this.commands.execute(
      new OnProduct(addressed(productStream(product.sku), command, caller.actor)),
    );
    return registrationAnswer(product.sku, outcome);
  }

  @Mutation()
  @Allow('catalogue:write', ...STAFF)
  async changePrice(
    @Args('input') input: unknown,
    @Caller() caller: Principal,
  ): Promise<Answer<ChangePriceResult>> {
    const request = readInput(changePriceInput, input);
    if ('invalid' in request) return request.invalid;
    const { sku, price } = request.data;
    const command = { type: 'ChangePrice', data: { sku, ...asPrice(price) } } as const;
    const outcome = await this.commands.execute(
      new OnProduct(addressed(productStream(sku), command, caller.actor)),
    );
    return priceAnswer(sku, outcome);
  }
}

const asPrice = <Currency>({ amount, currency }: { amount: number; currency: Currency }) => ({
  price: amount,
  currency,
});
