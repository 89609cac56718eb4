import { Everybody } from '@orders/shared-events/http/access/permissions.js';
import {
  Catch,
  Controller,
  Headers,
  HttpStatus,
  Inject,
  Post,
  type RawBodyRequest,
  Req,
  Res,
  UseFilters,
} from '@nestjs/common';
import { paymentStream } from '@orders/shared-events/contracts/ids.js';
import { ProblemDetails, ProblemException, badRequest } from '@orders/shared-events/http/problem-details.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { isOutage } from '../outage.js';
import { PROVIDER, addressed } from '../request.js';
import { LOGGER } from '../transport.module.js';
import { correlationOf } from './correlation.js';
import { PaymentMetrics, type WebhookResult } from './payment.metrics.js';
import { Payments } from './payments.js';
import { type Verdict, SIGNATURE_HEADER, verdictOn } from './webhook-signature.js';
import { type Notification, notificationInput } from './webhook.input.js';

export const WEBHOOK_PATH = 'webhooks/payments';

/** Token of the secrets that the provider may sign with. */
export const WEBHOOK_SECRETS = Symbol('webhook secrets');

@Catch()
export class WebhookProblems extends ProblemDetails {
  constructor(@Inject(LOGGER) logger: LogSink) {
    super(logger, isOutage);
  }
}

/** What is needed of Express' request and response. */
type Request = RawBodyRequest<{ readonly body?: unknown }>;
interface Response {
  status(code: number): unknown;
}

/** What is refused is counted, and one line of the log, without what it held. */
export function tellRefused(metrics: Pick<PaymentMetrics, 'notified'>, logger: LogSink, why: string): void {
  metrics.notified('refused');
  logger.warn({ why }, 'a notification was refused');
}

/**
 * Where the provider tells, in its own time, what became of a call. It tells at least once, and may do so before it
 * answers the call itself: the payment's stream knows what it has heard, so each order of events is one effect. Who it is
 * its signature says.
 */
@Controller(WEBHOOK_PATH)
@Everybody()
@UseFilters(WebhookProblems)
export class WebhookController {
  constructor(
    private readonly payments: Payments,
    @Inject(EventStore) private readonly store: Pick<EventStore, 'readStreamBackwards'>,
    @Inject(PaymentMetrics) private readonly metrics: Pick<PaymentMetrics, 'notified'>,
    @Inject(WEBHOOK_SECRETS) private readonly secrets: readonly string[],
    @Inject(LOGGER) private readonly logger: LogSink,
  ) {}

  /** 204 recorded, now or before; 202 kept, though nobody here has asked for such a payment; 400, 401, 503. */
  @Post()
  async receive(
    @Req() request: Request,
    @Headers(SIGNATURE_HEADER) signature: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const notification = this.#read(request, signature);
    const became = await this.#record(notification);
    this.metrics.notified(became);
    response.status(became === 'unmatched' ? HttpStatus.ACCEPTED : HttpStatus.NO_CONTENT);
    const { notificationId, paymentId, operation, outcome } = notification;
    this.logger.info(
      { notificationId, paymentId, operation, outcome: outcome.kind, became },
      'the payment provider notified',
    );
  }

  /** The signature is over the bytes as they came; what they say counts only after that. */
  #read({ rawBody, body }: Request, signature: string | undefined): Notification {
    if (!rawBody) throw this.#refused(noJson, 'the body is not application/json');
    const verdict = verdictOn(signature, rawBody, this.secrets, Date.now() / 1_000);
    if (verdict !== 'authentic') throw this.#refused(unauthorized(verdict), `the signature is ${verdict}`);
    const { data, error } = notificationInput.safeParse(body);
    if (!data) throw this.#refused(badRequest(error.issues), 'the body is malformed');
    return data;
  }

  #refused(problem: ProblemException, why: string): ProblemException {
    tellRefused(this.metrics, this.logger, why);
    return problem;
  }

  /** What is owed after it is taken up by the order's process: the provider is not called while it calls. */
  async #record(data: Notification): Promise<Exclude<WebhookResult, 'refused'>> {
    const command = { type: 'RecordProviderNotification', data } as const;
    const stream = paymentStream(data.paymentId);
    const { origin, ...told } = addressed(stream, command, PROVIDER);
    const correlationId = (await correlationOf(this.store, stream)) ?? origin.correlationId;
    const outcome = await this.payments.execute({ ...told, origin: { ...origin, correlationId } });
    if (outcome.outcome === 'refused') throw new Error(`notification: ${outcome.refusal.code}`);
    if (outcome.state.status === 'none') return 'unmatched';
    return outcome.outcome === 'happened' ? 'recorded' : 'known';
  }
}

const noJson = new ProblemException({
  type: '/problems/bad-request',
  title: 'The request is wrong',
  status: HttpStatus.BAD_REQUEST,
  detail: 'The body must be application/json.',
});

const REASONS: Readonly<Record<Exclude<Verdict, 'authentic'>, string>> = {
  malformed: `${SIGNATURE_HEADER} must be t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">.`,
  forged: 'The signature is not one of this body with a secret that is known here.',
  untimely: 'It was signed too long ago, or the clocks differ.',
};

const unauthorized = (verdict: Exclude<Verdict, 'authentic'>): ProblemException =>
  new ProblemException({
    type: '/problems/unauthorized',
    title: 'The request is not known to be from the payment provider',
    status: HttpStatus.UNAUTHORIZED,
    detail: REASONS[verdict],
  });
