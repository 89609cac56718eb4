import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  Header,
  HttpStatus,
  Inject,
  Param,
  Post,
  Redirect,
  UseFilters,
} from '@nestjs/common';
import { Everybody } from '@orders/shared-events/http/access/permissions.js';
import { CUSTOMER_ACTIONS } from '@orders/shared-events/transport/secret-paths.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { isDatabaseOutage } from '@orders/shared-events/transport/outage.js';
import { z } from 'zod';
import { LOGGER } from '../transport.module.js';
import { type Action, SimulatedActions } from './simulated-actions.js';
import { CONTENT_SECURITY_POLICY, actionPage, problemPage } from './simulated-actions.page.js';

/** What is needed of Express' response. */
interface Response {
  status(code: number): this;
  set(headers: Readonly<Record<string, string>>): this;
  send(body: string): unknown;
}

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cache-control': 'no-store',
  // The address is the only key to the page.
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

class NoSuchPage extends Error {}
class NoDecision extends Error {}

/** Customers are people: what goes wrong is a page, too. */
@Catch()
export class ActionProblems implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: LogSink) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const [status, says] = this.#told(error);
    host.switchToHttp().getResponse<Response>().status(status).set(HEADERS).send(problemPage(says));
  }

  #told(error: unknown): readonly [HttpStatus, string] {
    if (error instanceof NoSuchPage) return [HttpStatus.NOT_FOUND, 'There is no such payment to confirm.'];
    if (error instanceof NoDecision) return [HttpStatus.BAD_REQUEST, 'Please approve or decline.'];
    this.logger.error({ err: error }, "a customer's page could not be shown");
    return isDatabaseOutage(error)
      ? [HttpStatus.SERVICE_UNAVAILABLE, 'This is not possible at the moment. Please try again.']
      : [HttpStatus.INTERNAL_SERVER_ERROR, 'Something failed here.'];
  }
}

/**
 * The simulated provider's pages, where the customer does what it wants of them: in the place of 3-D Secure. Who has the
 * link is who was sent there.
 */
@Controller(CUSTOMER_ACTIONS)
@Everybody()
@UseFilters(ActionProblems)
export class SimulatedActionsController {
  constructor(
    private readonly actions: SimulatedActions,
    @Inject(LOGGER) private readonly logger: LogSink,
  ) {}

  @Get(':token')
  @Header('content-type', HEADERS['content-type'])
  @Header('content-security-policy', HEADERS['content-security-policy'])
  @Header('cache-control', HEADERS['cache-control'])
  @Header('referrer-policy', HEADERS['referrer-policy'])
  @Header('x-content-type-options', HEADERS['x-content-type-options'])
  async show(@Param('token') token: string): Promise<string> {
    return actionPage(existing(await this.actions.find(tokenIn(token))));
  }

  /** Then to the page, so that going back or reloading it sends nothing again. */
  @Post(':token')
  @Redirect()
  async decide(
    @Param('token') token: string,
    @Body() body: unknown,
  ): Promise<{ url: string; statusCode: number }> {
    const decision = decisionIn(body);
    const { paymentId, standing } = existing(await this.actions.decide(tokenIn(token), decision));
    this.logger.info({ paymentId, decision, standing }, 'a customer decided at the simulated provider');
    return { url: token, statusCode: HttpStatus.SEE_OTHER };
  }
}

function existing(action: Action | undefined): Action {
  if (!action) throw new NoSuchPage();
  return action;
}

function tokenIn(text: string): string {
  const { data } = z.uuid().safeParse(text);
  if (data === undefined) throw new NoSuchPage();
  return data;
}

function decisionIn(body: unknown): 'approve' | 'decline' {
  const { data } = z.object({ decision: z.enum(['approve', 'decline']) }).safeParse(body);
  if (!data) throw new NoDecision();
  return data.decision;
}
