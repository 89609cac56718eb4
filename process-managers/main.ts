import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { configurationOrExit } from '@orders/shared-events/transport/configuration.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { createLogger } from '@orders/shared-events/transport/observability.js';
import { stopOnSignal } from '@orders/shared-events/transport/process-lifetime.js';
import { commandTopology, integrationTopology } from '@orders/shared-events/transport/topology.js';
import { OtherLog } from './checkpoints.js';
import { configurationSchema } from './configuration.js';
import { ProcessManagersLifetime, ProcessManagersModule } from './process-managers.module.js';

const configuration = configurationOrExit(configurationSchema);
const logger = createLogger({ name: 'process-managers', level: configuration.LOG_LEVEL });
const eventStore = new EventStore(configuration.EVENTSTORE_URL, logger);
const messageBus = await MessageBus.connect({
  url: configuration.RABBITMQ_URL,
  name: 'process-managers',
  topologies: [commandTopology, integrationTopology],
  logger,
});

try {
  const app = await NestFactory.createApplicationContext(
    ProcessManagersModule.register({
      eventStore,
      messageBus,
      databaseUrl: configuration.DATABASE_URL,
      settings: configuration,
      admin: { port: configuration.ADMIN_PORT, host: configuration.BIND_ADDRESS },
      logger,
    }),
    { logger: false, abortOnError: false },
  );
  stopOnSignal(async () => {
    await app.close();
    await Promise.all([messageBus.close(), eventStore.close()]);
  }, logger);
  logger.info({ url: app.get(ProcessManagersLifetime).adminUrl }, 'listening');
} catch (error) {
  if (!(error instanceof OtherLog)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
