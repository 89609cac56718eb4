import { NestFactory } from '@nestjs/core';
import { SwaggerModule } from '@nestjs/swagger';
import { harden } from '@orders/shared-events/http/hardening.js';
import { ProblemDetails } from '@orders/shared-events/http/problem-details.js';
import { requestLogging } from '@orders/shared-events/transport/observability.js';
import { Logger } from 'nestjs-pino';
import { documentOf } from './admin-document.js';
import { AdminModule, type AdminOptions } from './admin.module.js';
import { UnreadableProcess, isAway } from './failures.js';

export interface AdminApi {
  readonly url: string;
  close(): Promise<void>;
}

export interface AdminAddress {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
}

/** Starts the admin API on its own port, with Swagger at /api/docs. */
export async function startAdminApi(options: AdminOptions, { port, host }: AdminAddress): Promise<AdminApi> {
  const app = await NestFactory.create(AdminModule.register(options), {
    bufferLogs: true,
    abortOnError: false,
  });
  app.useLogger(app.get(Logger));
  app.use(requestLogging(options.logger));
  harden(app);
  app.useGlobalFilters(new ProblemDetails(options.logger, isAway), new UnreadableProcess());
  SwaggerModule.setup('api/docs', app, () => documentOf(app), { jsonDocumentUrl: 'api/openapi.json' });
  await app.listen(port, host);
  return { url: await app.getUrl(), close: () => app.close() };
}
