import { Controller, Get } from '@nestjs/common';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  HealthIndicatorService,
} from '@nestjs/terminus';
import { CommandSideReadiness } from '@orders/command-side/health/readiness.js';
import { ProcessManagersReadiness } from '@orders/process-managers/health/readiness.js';
import { QuerySideReadiness } from '@orders/query-side/health/readiness.js';

const DEADLINE_MS = 3_000;

/** The health of all three sides in one process; what several of them need is asked once. */
@Controller('health')
export class HealthController {
  readonly #checks;

  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    commandSide: CommandSideReadiness,
    querySide: QuerySideReadiness,
    processManagers: ProcessManagersReadiness,
  ) {
    const all = [...commandSide.checks, ...querySide.checks, ...processManagers.checks];
    this.#checks = [...new Map(all.map((check) => [check.name, check])).values()];
  }

  /** The process answers: restarting it would change nothing. */
  @Get('live')
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** Requests may come; where not, what fails is named. */
  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check(
      this.#checks.map(
        ({ name, check }) =>
          async () =>
            this.indicators.check(name).attempt(check).withTimeout(DEADLINE_MS),
      ),
    );
  }
}
