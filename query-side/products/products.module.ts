import { Module } from '@nestjs/common';
import { ProductQueries } from './products.queries.js';
import { ProductsResolver } from './products.resolver.js';

@Module({ providers: [ProductQueries, ProductsResolver] })
export class ProductsModule {}
