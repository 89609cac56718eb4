import type { CommandOf, Occurred, Timed } from '@orders/shared-events/contracts/envelope.js';
import type { Sku } from '@orders/shared-events/contracts/ids.js';
import type { Currency } from '@orders/shared-events/contracts/money.js';
import { type ProductEvent, productEvents } from '@orders/shared-events/contracts/product.events.js';
import { type Decider, type Decision, NOTHING_NEW, refuse } from '../decision.js';

// unregistered --ProductRegistered--> registered --ProductPriceChanged--> registered

/** What a product was registered with. Price in minor units. */
interface Registration {
  readonly sku: Sku;
  readonly name: string;
  readonly price: number;
  readonly currency: Currency;
  readonly requiresShipping: boolean;
}

export type ProductState =
  | { readonly status: 'unregistered' }
  | {
      readonly status: 'registered';
      readonly price: number;
      readonly currency: Currency;
      /** Kept as it was, so that a repeated registration is known as one after the price has changed. */
      readonly registration: Registration;
    };
type Registered = Extract<ProductState, { status: 'registered' }>;

export type RegisterProduct = CommandOf<'RegisterProduct', Registration>;
export type ChangePrice = CommandOf<
  'ChangePrice',
  { readonly sku: Sku; readonly price: number; readonly currency: Currency }
>;
export type ProductCommand = RegisterProduct | ChangePrice;

export type ProductRefusal =
  | { readonly code: 'PRODUCT_ALREADY_REGISTERED'; readonly sku: Sku }
  | { readonly code: 'UNKNOWN_SKU'; readonly sku: Sku };

type ProductDecision = Decision<ProductEvent, ProductRefusal>;

function decide(command: Timed<ProductCommand>, state: ProductState): ProductDecision {
  switch (command.type) {
    case 'RegisterProduct':
      return register(command.data, state);
    case 'ChangePrice':
      return changePrice(command.data, state);
  }
}

function register(data: Registration, state: ProductState): ProductDecision {
  if (state.status === 'unregistered') return [{ type: 'ProductRegistered', data }];
  return sameRegistration(data, state.registration)
    ? NOTHING_NEW
    : refuse({ code: 'PRODUCT_ALREADY_REGISTERED', sku: data.sku });
}

function changePrice(data: ChangePrice['data'], state: ProductState): ProductDecision {
  if (state.status === 'unregistered') return refuse({ code: 'UNKNOWN_SKU', sku: data.sku });
  if (data.price === state.price && data.currency === state.currency) return NOTHING_NEW;
  return [{ type: 'ProductPriceChanged', data }];
}

const sameRegistration = (one: Registration, other: Registration): boolean =>
  one.name === other.name &&
  one.price === other.price &&
  one.currency === other.currency &&
  one.requiresShipping === other.requiresShipping;

function evolve(state: ProductState, event: Occurred<ProductEvent>): ProductState {
  switch (event.type) {
    case 'ProductRegistered':
      return registered(event.data);
    case 'ProductPriceChanged':
      return state.status === 'unregistered' ? state : repriced(state, event.data);
  }
}

const registered = (registration: Registration): Registered => ({
  status: 'registered',
  price: registration.price,
  currency: registration.currency,
  registration,
});

const repriced = (state: Registered, { price, currency }: ChangePrice['data']): Registered => ({
  ...state,
  price,
  currency,
});

export const product: Decider<ProductState, ProductCommand, ProductEvent, ProductRefusal> = {
  initialState: { status: 'unregistered' },
  decide,
  evolve,
  events: productEvents,
};
