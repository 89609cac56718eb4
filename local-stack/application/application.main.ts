/**
 * All three sides in one process, on the back ends that the three URLs name.
 *
 * Logs are JSON lines on standard output; one of them is {"listening": url, "pid": number}, when the application
 * is ready. With `--with-parent` it stops when its standard input closes, which a killed parent leaves behind.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { OtherLog } from '@orders/process-managers/checkpoints.js';
import { ForeignLog } from '@orders/query-side/builds/session.js';
import { configurationOrExit } from '@orders/shared-events/transport/configuration.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { MessageBus } from '@orders/shared-events/transport/message-bus.js';
import { correlation, createLogger } from '@orders/shared-events/transport/observability.js';
import { stopOnSignal } from '@orders/shared-events/transport/process-lifetime.js';
import { commandTopology, integrationTopology } from '@orders/shared-events/transport/topology.js';
import { Logger } from 'nestjs-pino';
import { AppModule } from './app.module.js';
import { configurationSchema } from './configuration.js';
import { whenReady } from './when-ready.js';

const configuration = configurationOrExit(configurationSchema);
const logger = createLogger({ name: 'order-system', level: configuration.LOG_LEVEL });
const eventStore = new EventStore(configuration.EVENTSTORE_URL, logger);
const messageBus = await MessageBus.connect({
  url: configuration.RABBITMQ_URL,
  name: 'order-system',
  topologies: [commandTopology, integrationTopology],
  logger,
});

const app = await NestFactory.create(AppModule.register(configuration, { eventStore, messageBus, logger }), {
  bufferLogs: true,
  abortOnError: false,
});
app.useLogger(app.get(Logger));
app.use(correlation);
stopOnSignal(async () => {
  await app.close();
  await Promise.all([messageBus.close(), eventStore.close()]);
}, logger);
if (process.argv.includes('--with-parent')) {
  process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM')).resume();
}

try {
  await app.listen(configuration.PORT, configuration.BIND_ADDRESS);
  const url = await app.getUrl();
  await whenReady(`${url}/health/ready`);
  process.stdout.write(`${JSON.stringify({ listening: url, pid: process.pid })}\n`);
} catch (error) {
  if (!(error instanceof ForeignLog || error instanceof OtherLog)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
