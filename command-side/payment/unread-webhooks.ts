import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { LOGGER } from '../transport.module.js';
import { PaymentMetrics } from './payment.metrics.js';
import { WEBHOOK_PATH, tellRefused } from './webhook.controller.js';

/** What is needed of Express' request; the path is what follows the one listened on. */
interface Request {
  readonly method: string;
  readonly path: string;
}

/** Webhooks whose body cannot be read: they are answered where bodies are read, and no controller sees them. */
@Injectable()
export class UnreadWebhooks implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly metrics: PaymentMetrics,
    @Inject(LOGGER) private readonly logger: LogSink,
  ) {}

  /** At this time it comes after the reading of bodies, and before what answers the errors of that. */
  onModuleInit(): void {
    this.host.httpAdapter.use(`/${WEBHOOK_PATH}`, this.#pass.bind(this));
  }

  /** Express tells what is for errors by the number of parameters. */
  #pass(error: unknown, { method, path }: Request, _response: unknown, next: (error: unknown) => void): void {
    if (method === 'POST' && path === '/') tellRefused(this.metrics, this.logger, 'the body cannot be read');
    next(error);
  }
}
