/** The process managers as a process of their own. Logs are JSON lines on standard output. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { configurationOrExit } from '@orders/shared-events/transport/configuration.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { createLogger } from '@orders/shared-events/transport/observability.js';
import { runAsProcess } from '@orders/shared-events/transport/process-lifetime.js';
import { commandTopology, integrationTopology } from '@orders/shared-events/transport/topology.js';
import { OtherLog } from './checkpoints.js';
import { configurationSchema } from './configuration.js';
import { ProcessManagersLifetime, ProcessManagersModule } from './process-managers.module.js';

const NAME = 'process-managers';
const configuration = configurationOrExit(configurationSchema);
const logger = createLogger({ name: NAME, level: configuration.LOG_LEVEL });

await runAsProcess(
  async (onStop) => {
    const eventStore = new EventStore(configuration.EVENTSTORE_URL, logger);
    onStop(() => eventStore.close());
    const topologies = [commandTopology, integrationTopology];
    const messageBus = await MessageBus.connect({
      url: configuration.RABBITMQ_URL,
      name: NAME,
      topologies,
      logger,
    });
    onStop(() => messageBus.close());
    const module = ProcessManagersModule.register({
      eventStore,
      messageBus,
      databaseUrl: configuration.DATABASE_URL,
      settings: configuration,
      admin: { port: configuration.ADMIN_PORT, host: configuration.BIND_ADDRESS },
      logger,
    });
    const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
    onStop(() => app.close());
    return app.get(ProcessManagersLifetime).adminUrl;
  },
  { logger, operatorErrors: [OtherLog] },
);
