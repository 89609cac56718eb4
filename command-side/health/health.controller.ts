import { Controller, Get } from '@nestjs/common';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  HealthIndicatorService,
} from '@nestjs/terminus';
import { CommandSideReadiness } from './readiness.js';

const DEADLINE_MS = 3_000;

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly readiness: CommandSideReadiness,
  ) {}

  /** The process answers: restarting it would change nothing. */
  @Get('live')
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** Commands may come; where not, what fails is named. */
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
