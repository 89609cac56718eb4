import type { OperatorAction } from '@orders/process-managers/order-process/operator-actions.js';
import type { servers } from './mishaps.js';

export type Server = 'broker' | keyof typeof servers;

/** What an operator does to the process of an order. */
export interface Operation {
  readonly kind: 'operate';
  readonly order: number;
  readonly id: string;
  readonly action: OperatorAction;
}

/** What people and operators do, and what befalls whole processes and servers. */
export type Action =
  | { readonly kind: 'place' | 'place other' | 'cancel' | 'ship' | 'pay again'; readonly order: number }
  /** A share of the order's total. */
  | { readonly kind: 'refund'; readonly order: number; readonly id: string; readonly share: number }
  | Operation
  | { readonly kind: 'authorisation expires'; readonly order: number }
  | {
      readonly kind: 'receive' | 'adjust';
      readonly sku: string;
      readonly id: string;
      readonly quantity: number;
    }
  | { readonly kind: 'reprice'; readonly sku: string; readonly price: number }
  | { readonly kind: 'crash' | 'restart'; readonly process: string }
  | { readonly kind: 'freeze'; readonly process: string; readonly ms: number }
  | { readonly kind: 'away'; readonly server: Server; readonly ms: number };

export function describe(action: Action): string {
  switch (action.kind) {
    case 'place':
    case 'place other':
    case 'cancel':
    case 'ship':
    case 'pay again':
      return `${action.kind} order ${action.order + 1}`;
    case 'refund':
      return `refund ${action.share} of order ${action.order + 1} (${action.id})`;
    case 'operate':
      return `${action.action} the process of order ${action.order + 1} (${action.id})`;
    case 'authorisation expires':
      return `the authorisation of order ${action.order + 1} expires`;
    case 'receive':
    case 'adjust':
      return `${action.kind} ${action.quantity} of ${action.sku} (${action.id})`;
    case 'reprice':
      return `reprice ${action.sku} to ${action.price}`;
    case 'crash':
    case 'restart':
      return `${action.kind} ${action.process}`;
    case 'freeze':
      return `freeze ${action.process} for ${action.ms} ms`;
    case 'away':
      return `the ${action.server} is away for ${action.ms} ms`;
  }
}
