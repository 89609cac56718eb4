import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { ProblemDetails } from '@orders/shared-events/http/problem-details.js';
import { requestLogging } from '@orders/shared-events/transport/observability.js';
import { Logger } from 'nestjs-pino';
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
  app.useGlobalFilters(new ProblemDetails(options.logger, isAway), new UnreadableProcess());
  const document = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Order system: admin API')
    .setDescription('What the process managers do and wait for. Errors are RFC 9457 problem details.')
    .setVersion('1')
    .build();
  SwaggerModule.setup('api/docs', app, () => SwaggerModule.createDocument(app, document), {
    jsonDocumentUrl: 'api/openapi.json',
  });
  await app.listen(port, host);
  return { url: await app.getUrl(), close: () => app.close() };
}
