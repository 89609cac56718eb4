import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Module,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { CommandBus, CqrsModule } from '@nestjs/cqrs';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { carryOutBy } from './carry-out.js';
import { CommandConsumer } from './command-consumer.js';
import { CommandSideResolver } from './command-side.resolver.js';
import type { PaymentSettings } from './configuration.js';
import { CommandSideReadiness } from './health/readiness.js';
import { OrderModule } from './order/order.module.js';
import { GuardedProvider } from './payment/guarded-provider.js';
import { PaymentModule } from './payment/payment.module.js';
import { ReconciliationModule } from './payment/reconciliation.module.js';
import { ProductModule } from './product/product.module.js';
import { StockModule } from './stock/stock.module.js';
import { type Connections, LOGGER, TransportModule } from './transport.module.js';

export interface CommandSideConfiguration extends Connections {
  readonly settings: PaymentSettings;
  /** Where the simulated payment provider keeps its books. */
  readonly databaseUrl: string;
}

/** The command side without an HTTP server or GraphQL of its own: for its own process, or one that has all sides. */
@Module({})
export class CommandSideModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(private readonly consumer: CommandConsumer) {}

  static register(configuration: CommandSideConfiguration): DynamicModule {
    const transport = TransportModule.register(configuration);
    const product = ProductModule.register(transport);
    const stock = StockModule.register(transport, product);
    const order = OrderModule.register(transport, product);
    const payment = PaymentModule.register(transport, order, configuration);
    const reconciliation = ReconciliationModule.register(transport, payment, configuration.settings);
    return {
      module: CommandSideModule,
      imports: [CqrsModule.forRoot(), transport, product, stock, order, payment, reconciliation],
      providers: [consumer, readiness, CommandSideResolver],
      exports: [CommandSideReadiness],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.consumer.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.consumer.stop();
  }
}

const consumer = {
  provide: CommandConsumer,
  useFactory: (bus: MessageBus, commands: CommandBus, logger: LogSink) =>
    new CommandConsumer(bus, carryOutBy(commands), logger),
  inject: [MessageBus, CommandBus, LOGGER],
};

const readiness = {
  provide: CommandSideReadiness,
  useFactory: (eventStore: EventStore, bus: MessageBus, provider: GuardedProvider) =>
    new CommandSideReadiness(eventStore, bus, provider),
  inject: [EventStore, MessageBus, GuardedProvider],
};
