import { UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { productStream } from '@orders/shared-events/contracts/ids.js';
import type { Answer } from '../answer.js';
import { OutageFilter } from '../graphql-errors.js';
import type { ChangePriceResult, RegisterProductResult } from '../graphql.generated.js';
import { readInput } from '../input.js';
import { OPERATOR, addressed } from '../request.js';
import { priceAnswer, registrationAnswer } from './product.answer.js';
import { OnProduct } from './product.handler.js';
import { changePriceInput, registerProductInput } from './product.input.js';

@Resolver()
@UseFilters(OutageFilter)
export class ProductResolver {
  constructor(private readonly commands: CommandBus) {}

  @Mutation()
  async registerProduct(@Args('input') input: unknown): Promise<Answer<RegisterProductResult>> {
    const request = readInput(registerProductInput, input);
    if ('invalid' in request) return request.invalid;
    const { price, ...product } = request.data;
    const command = { type: 'RegisterProduct', data: { ...product, ...asPrice(price) } } as const;
    const outcome = await this.commands.execute(
      new OnProduct(addressed(productStream(product.sku), command, OPERATOR)),
    );
    return registrationAnswer(product.sku, outcome);
  }

  @Mutation()
  async changePrice(@Args('input') input: unknown): Promise<Answer<ChangePriceResult>> {
    const request = readInput(changePriceInput, input);
    if ('invalid' in request) return request.invalid;
    const { sku, price } = request.data;
    const command = { type: 'ChangePrice', data: { sku, ...asPrice(price) } } as const;
    const outcome = await this.commands.execute(
      new OnProduct(addressed(productStream(sku), command, OPERATOR)),
    );
    return priceAnswer(sku, outcome);
  }
}

const asPrice = <Currency>({ amount, currency }: { amount: number; currency: Currency }) => ({
  price: amount,
  currency,
});
