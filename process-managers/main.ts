/**
 * The process managers as a process of their own.
 *
 * Logs are JSON lines on standard output; one of them is {"listening": url, "pid": number}, when the work has begun
 * and the admin API answers there. With `--with-parent` it stops when its standard input closes, which a killed
 * parent leaves behind.
 */
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

const closing: (() => Promise<void>)[] = [];
stopOnSignal(async () => {
  for (const close of closing.toReversed()) await close();
}, logger);
if (process.argv.includes('--with-parent')) {
  process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM')).resume();
}

const eventStore = new EventStore(configuration.EVENTSTORE_URL, logger);
closing.push(() => eventStore.close());
const messageBus = await MessageBus.connect({
  url: configuration.RABBITMQ_URL,
  name: 'process-managers',
  topologies: [commandTopology, integrationTopology],
  logger,
});
closing.push(() => messageBus.close());

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
  closing.push(() => app.close());
  const { adminUrl } = app.get(ProcessManagersLifetime);
  process.stdout.write(`${JSON.stringify({ listening: adminUrl, pid: process.pid })}\n`);
} catch (error) {
  if (!(error instanceof OtherLog)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
