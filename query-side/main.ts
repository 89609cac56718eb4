import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Logger } from 'nestjs-pino';
import { configurationOrExit } from '@orders/shared-events/transport/configuration.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { correlation, createLogger } from '@orders/shared-events/transport/observability.js';
import { stopOnSignal } from '@orders/shared-events/transport/process-lifetime.js';
import { AppModule } from './app.module.js';
import { ForeignLog } from './builds/session.js';
import { configurationSchema } from './configuration.js';

const configuration = configurationOrExit(configurationSchema);
const logger = createLogger({ name: 'query-side', level: configuration.LOG_LEVEL });
const eventStore = new EventStore(configuration.EVENTSTORE_URL, logger);

const app = await NestFactory.create(
  AppModule.register({ databaseUrl: configuration.DATABASE_URL, eventStore, logger }),
  { bufferLogs: true, abortOnError: false },
);
app.useLogger(app.get(Logger));
app.use(correlation);
stopOnSignal(async () => {
  await app.close();
  await eventStore.close();
}, logger);

try {
  await app.listen(configuration.PORT, configuration.BIND_ADDRESS);
  logger.info({ url: await app.getUrl() }, 'listening');
} catch (error) {
  if (!(error instanceof ForeignLog)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
