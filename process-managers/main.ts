/** The process managers as a process of their own. Logs are JSON lines on standard output. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { callersOf } from '@orders/shared-events/http/access/configuration.js';
import { configurationOrExit, configuredOrExit } from '@orders/shared-events/transport/configuration.js';
import { openConnections } from '@orders/shared-events/transport/connections.js';
import { createLogger } from '@orders/shared-events/transport/observability.js';
import { runAsProcess } from '@orders/shared-events/transport/process-lifetime.js';
import { commandTopology, integrationTopology } from '@orders/shared-events/transport/topology.js';
import { Registry } from 'prom-client';
import { OtherLog } from './checkpoints.js';
import { configurationSchema } from './configuration.js';
import { ProcessManagersLifetime, ProcessManagersModule } from './process-managers.module.js';

const NAME = 'process-managers';
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
    const module = ProcessManagersModule.register({
      eventStore,
      messageBus,
      databaseUrl: configuration.DATABASE_URL,
      settings: configuration,
      admin: { port: configuration.ADMIN_PORT, host: configuration.BIND_ADDRESS },
      callers,
      logger,
      metrics,
    });
    const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
    onStop(() => app.close());
    return app.get(ProcessManagersLifetime).adminUrl;
  },
  { logger, operatorErrors: [OtherLog] },
);
