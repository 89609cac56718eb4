import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { answerWithProblem } from '@orders/shared-events/http/problem-details.js';
import { AppendOutcomeUnknown } from '@orders/shared-events/transport/append-gateway.js';
import { isOutage } from '@orders/shared-events/transport/outage.js';
import { ProcessContended } from '../process-actions.js';
import { Unreadable } from '../unreadable.js';

/** The same request may succeed later. */
export const isAway = (error: unknown): boolean =>
  isOutage(error) || error instanceof AppendOutcomeUnknown || error instanceof ProcessContended;

/** A process that this build cannot read: it can be listed and released, and not be looked into. */
@Catch(Unreadable)
export class UnreadableProcess implements ExceptionFilter {
  catch({ message }: Unreadable, host: ArgumentsHost): void {
    const title = 'This build cannot read the process';
    const detail = `${message}. It is damaged, or written by a newer build.`;
    answerWithProblem({ type: '/problems/process-unreadable', title, status: 409, detail }, host);
  }
}
