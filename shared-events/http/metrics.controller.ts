import { Controller, Get, Header, Inject } from '@nestjs/common';
import { Registry } from 'prom-client';
import { Everybody } from './access/permissions.js';

/** Token of the process's one Registry. */
export const METRICS = Symbol('metrics');

/** For a module that provides METRICS. In the text format that Prometheus scrapes. */
@Controller('metrics')
@Everybody()
export class MetricsController {
  constructor(@Inject(METRICS) private readonly registry: Registry) {}

  @Get()
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  metrics(): Promise<string> {
    return this.registry.metrics();
  }
}
