import { z } from 'zod';

/** Fields that many answers of the admin API have, each as people will see it. */

/** As Postgres tells it. */
export const Instant = z.string().meta({ format: 'date-time', example: '2026-01-31T12:00:00.000000Z' });

export const Position = z.string().meta({ description: 'In the log.', example: '4711' });

/** What an operator says why. */
export const Reason = z.string().meta({ example: 'ticket 4711' });

export const CorrelationId = z.string().meta({ example: 'checkout-17' });

export const Sku = z.string().meta({ example: 'TEA-ASSAM' });

export const Currency = z.string().meta({ example: 'EUR' });

export const RoutingKey = z.string().meta({ example: 'order.completed' });
