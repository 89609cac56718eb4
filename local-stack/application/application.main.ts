/** All three sides in one process, on the back ends that the three URLs name. Logs are JSON lines. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { OtherLog } from '@orders/process-managers/checkpoints.js';
import { ForeignLog } from '@orders/query-side/builds/session.js';
import { callersOf } from '@orders/shared-events/http/access/configuration.js';
import { harden } from '@orders/shared-events/http/hardening.js';
import { configurationOrExit, configuredOrExit } from '@orders/shared-events/transport/configuration.js';
import { openConnections } from '@orders/shared-events/transport/connections.js';
import { createLogger, requestLogging } from '@orders/shared-events/transport/observability.js';
import { runAsProcess } from '@orders/shared-events/transport/process-lifetime.js';
import { commandTopology, integrationTopology } from '@orders/shared-events/transport/topology.js';
import { Logger } from 'nestjs-pino';
import { Registry } from 'prom-client';
import { AppModule } from './app.module.js';
import { configurationSchema } from './configuration.js';
import { NotReady, whenReady } from './when-ready.js';

const NAME = 'order-system';
const configuration = configurationOrExit(configurationSchema);
const logger = createLogger({ name: NAME, level: configuration.LOG_LEVEL });
const callers = configuredOrExit(() => callersOf(configuration, logger));

await runAsProcess(
  async (onStop) => {
    const topologies = [commandTopology, integrationTopology];
    const metrics = new Registry();
    const { eventStore, messageBus } = await openConnections(
      configuration,
      { name: NAME, topologies, logger, metrics },
      onStop,
    );
    const module = AppModule.register(configuration, {
      eventStore,
      messageBus,
      callers,
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
    const url = await app.getUrl();
    await whenReady(`${url}/health/ready`);
    return url;
  },
  { logger, operatorErrors: [ForeignLog, OtherLog, NotReady] },
);
