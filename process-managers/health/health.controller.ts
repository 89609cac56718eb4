import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  HealthIndicatorService,
} from '@nestjs/terminus';
import { ProcessManagersReadiness } from './readiness.js';

const DEADLINE_MS = 3_000;

@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly readiness: ProcessManagersReadiness,
  ) {}

  /** The process answers: restarting it would change nothing. */
  @Get('live')
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** Work is being done; where not, what fails is named. */
  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check(
      this.readiness.checks.map(
        ({ name, check }) =>
          async () =>
            this.indicators.check(name).attempt(check).withTimeout(DEADLINE_MS),
      ),
    );
  }
}
