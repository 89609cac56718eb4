import { Module } from '@nestjs/common';
import { StockQueries } from './stock.queries.js';
import { StockResolver } from './stock.resolver.js';

@Module({ providers: [StockQueries, StockResolver] })
export class StockModule {}
