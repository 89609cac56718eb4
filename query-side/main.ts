/** The query side as a process of its own. Logs are JSON lines on standard output. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Logger } from 'nestjs-pino';
import { configurationOrExit } from '@orders/shared-events/transport/configuration.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { createLogger, requestLogging } from '@orders/shared-events/transport/observability.js';
import { runAsProcess } from '@orders/shared-events/transport/process-lifetime.js';
import { AppModule } from './app.module.js';
import { ForeignLog } from './builds/session.js';
import { configurationSchema } from './configuration.js';

const configuration = configurationOrExit(configurationSchema);
const logger = createLogger({ name: 'query-side', level: configuration.LOG_LEVEL });

await runAsProcess(
  async (onStop) => {
    const eventStore = new EventStore(configuration.EVENTSTORE_URL, logger);
    onStop(() => eventStore.close());
    const module = AppModule.register({ databaseUrl: configuration.DATABASE_URL, eventStore, logger });
    const app = await NestFactory.create(module, { bufferLogs: true, abortOnError: false });
    onStop(() => app.close());
    app.useLogger(app.get(Logger));
    app.use(requestLogging(logger));
    await app.listen(configuration.PORT, configuration.BIND_ADDRESS);
    return app.getUrl();
  },
  { logger, operatorErrors: [ForeignLog] },
);
