import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Logger } from 'nestjs-pino';
import { configurationOrExit } from '@orders/shared-events/transport/configuration.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { correlation, createLogger } from '@orders/shared-events/transport/observability.js';
import { stopOnSignal } from '@orders/shared-events/transport/process-lifetime.js';
import { commandTopology } from '@orders/shared-events/transport/topology.js';
import { AppModule } from './app.module.js';
import { configurationSchema } from './configuration.js';

const configuration = configurationOrExit(configurationSchema);
const logger = createLogger({ name: 'command-side', level: configuration.LOG_LEVEL });

const eventStore = new EventStore(configuration.EVENTSTORE_URL, logger);
const messageBus = await MessageBus.connect({
  url: configuration.RABBITMQ_URL,
  name: 'command-side',
  topologies: [commandTopology],
  logger,
});
const app = await NestFactory.create(
  AppModule.register({ eventStore, messageBus, databaseUrl: configuration.DATABASE_URL, logger }),
  { bufferLogs: true, abortOnError: false },
);
app.useLogger(app.get(Logger));
app.use(correlation);
stopOnSignal(async () => {
  await app.close();
  await Promise.all([messageBus.close(), eventStore.close()]);
}, logger);

await app.listen(configuration.PORT, configuration.BIND_ADDRESS);
logger.info({ url: await app.getUrl() }, 'listening');
