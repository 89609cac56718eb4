/** The command side as a process of its own. Logs are JSON lines on standard output. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Logger } from 'nestjs-pino';
import { Registry } from 'prom-client';
import { callersOf } from '@orders/shared-events/http/access/configuration.js';
import { harden } from '@orders/shared-events/http/hardening.js';
import { configurationOrExit, configuredOrExit } from '@orders/shared-events/transport/configuration.js';
import { openConnections } from '@orders/shared-events/transport/connections.js';
import { createLogger, requestLogging } from '@orders/shared-events/transport/observability.js';
import { runAsProcess } from '@orders/shared-events/transport/process-lifetime.js';
import { commandTopology } from '@orders/shared-events/transport/topology.js';
import { AppModule } from './app.module.js';
import { configurationSchema } from './configuration.js';

const NAME = 'command-side';
const configuration = configurationOrExit(configurationSchema);
const logger = createLogger({ name: NAME, level: configuration.LOG_LEVEL });
const callers = configuredOrExit(() => callersOf(configuration, logger));

await runAsProcess(
  async (onStop) => {
    const topologies = [commandTopology];
    const metrics = new Registry();
    const { eventStore, messageBus } = await openConnections(
      configuration,
      { name: NAME, topologies, logger, metrics },
      onStop,
    );
    const module = AppModule.register({
      eventStore,
      messageBus,
      databaseUrl: configuration.DATABASE_URL,
      settings: configuration,
      callers,
      isSchemaHidden: configuration.NODE_ENV === 'production',
      logger,
      metrics,
    });
    const app = await NestFactory.create(module, {
      bufferLogs: true,
      abortOnError: false,
      rawBody: true,
    });
    onStop(() => app.close());
    app.useLogger(app.get(Logger));
    app.use(requestLogging(logger));
    harden(app);
    await app.listen(configuration.PORT, configuration.BIND_ADDRESS);
    return app.getUrl();
  },
  { logger },
);
