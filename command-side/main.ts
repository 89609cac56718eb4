/**
 * The command side as a process of its own.
 *
 * Logs are JSON lines on standard output; one of them is {"listening": url, "pid": number}, when commands may come.
 * With `--with-parent` it stops when its standard input closes, which a killed parent leaves behind.
 */
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
  name: 'command-side',
  topologies: [commandTopology],
  logger,
});
closing.push(() => messageBus.close());

const app = await NestFactory.create(
  AppModule.register({ eventStore, messageBus, databaseUrl: configuration.DATABASE_URL, logger }),
  { bufferLogs: true, abortOnError: false },
);
closing.push(() => app.close());
app.useLogger(app.get(Logger));
app.use(correlation);
await app.listen(configuration.PORT, configuration.BIND_ADDRESS);
process.stdout.write(`${JSON.stringify({ listening: await app.getUrl(), pid: process.pid })}\n`);
