import { OnOrder, type OrderRequest } from '@orders/command-side/order/order.handler.js';
import { orderRequested, placeOrderInput } from '@orders/command-side/order/order.input.js';
import { OnPayment } from '@orders/command-side/payment/payment.handler.js';
import type { PaymentCommand } from '@orders/command-side/payment/payment.commands.js';
import { OnProduct } from '@orders/command-side/product/product.handler.js';
import type { ProductCommand } from '@orders/command-side/product/product.js';
import { addressed } from '@orders/command-side/request.js';
import { OnStock } from '@orders/command-side/stock/stock.handler.js';
import type { StockCommand } from '@orders/command-side/stock/stock.js';
import type { OperatorRequest } from '@orders/process-managers/operator-request.js';
import {
  Sku,
  orderStream,
  paymentIdOf,
  paymentStream,
  productStream,
  stockStream,
} from '@orders/shared-events/contracts/ids.js';
import type { Actor } from '@orders/shared-events/contracts/envelope.js';
import { Currency } from '@orders/shared-events/contracts/money.js';
import { contextOf } from '@orders/shared-events/transport/observability.js';
import type { Answer } from './answers.js';
import type { Asking } from './asking.js';
import type { CommandSideInstance, Request } from './command-side.js';
import { orderIdOfPlanned } from './names.js';
import { type Action, type Operation, describe } from './actions.js';
import type { Plan, PlannedOrder, PlannedProduct } from './plan.js';
import type { World } from './world.js';

const EUR = Currency.parse('EUR');
const OPERATOR: Actor = { kind: 'operator', subject: 'of the simulator' };

/** What people do about an order, and about a product. */
type OrderAction = Extract<
  Action,
  { kind: 'place' | 'place other' | 'cancel' | 'ship' | 'pay again' | 'refund' }
>;
type ProductAction = Extract<Action, { kind: 'receive' | 'adjust' | 'reprice' }>;

/** Customers and operators. */
export class People {
  constructor(
    private readonly asking: Asking,
    private readonly world: Pick<World, 'answers' | 'facts' | 'watched'>,
    private readonly plan: Plan,
  ) {}

  /** Products and what is in stock of them, before anything else. */
  open(): void {
    for (const product of this.plan.products) {
      const { sku, inStock } = product;
      this.#ask(`register ${sku}`, registered(product), () => {
        if (inStock > 0) this.aboutProduct({ kind: 'receive', sku, id: 'opening', quantity: inStock });
      });
    }
  }

  aboutProduct(action: ProductAction): void {
    this.#ask(describe(action), productRequest(action));
  }

  aboutOrder(action: OrderAction): void {
    const planned = this.plan.orders[action.order];
    if (!planned) return;
    const total = this.world.facts.orders.get(orderIdOfPlanned(planned))?.total ?? 0;
    const request = orderRequest(action, planned, total);
    if (request) this.#ask(describe(action), request);
  }

  /** What an operator asks for comes to one event, however often it is asked. */
  operate(operation: Operation): void {
    const planned = this.plan.orders[operation.order];
    if (!planned) return;
    const [orderId, what] = [orderIdOfPlanned(planned), describe(operation)];
    const { answers, watched } = this.world;
    this.asking.askProcessManagers(what, async ({ actions }) => {
      const request = operatorRequest(operation);
      const outcome = await actions.perform(orderId, operation.action, request);
      watched.call(this.world, () => answers.operated(what, orderId, request, outcome));
      return 'refusal' in outcome ? outcome.refusal : outcome.outcome;
    });
  }

  #ask(what: string, request: () => Request, then?: () => void): void {
    const put = async (side: CommandSideInstance): Promise<string> => {
      const asked = request();
      const answered = this.world.answers.asked(what, asked);
      const answer = (await side.execute(asked)) as Answer;
      this.world.watched(() => answered(answer));
      return 'refusal' in answer ? JSON.stringify(answer.refusal) : answer.outcome;
    };
    this.asking.ask(what, put, then);
  }
}

/** Each time a request of its own, as from a caller who repeats it. */
type Made = () => Request;

function orderRequest(action: OrderAction, planned: PlannedOrder, total: number): Made | undefined {
  const orderId = orderIdOfPlanned(planned);
  const ids = { orderId, paymentId: paymentIdOf(orderId) };
  switch (action.kind) {
    case 'place':
      return ofOrder(orderRequested(placeOrderInput.parse(planned)));
    case 'place other':
      return ofOrder(orderRequested(placeOrderInput.parse({ ...planned, reference: 'another request' })));
    case 'cancel':
      return ofOrder({ type: 'RequestCancellation', data: { orderId, reason: 'changed my mind' } });
    case 'ship':
      return ofOrder({ type: 'ShipOrder', data: { orderId, carrier: 'post', trackingNumber: 'parcel-1' } });
    case 'pay again':
      return ofPayment({ type: 'RetryPayment', data: { ...ids, paymentMethod: 'pm_approve' } });
    case 'refund': {
      const amount = Math.floor(total * action.share);
      if (amount === 0) return undefined;
      return ofPayment({
        type: 'RequestRefund',
        data: { ...ids, refundId: action.id, amount, currency: EUR },
      });
    }
  }
}

function productRequest(action: ProductAction): Made {
  const sku = Sku.parse(action.sku);
  switch (action.kind) {
    case 'receive':
      return ofStock({
        type: 'ReceiveStock',
        data: { sku, receiptId: action.id, quantity: action.quantity },
      });
    case 'adjust': {
      const found = { adjustmentId: action.id, delta: action.quantity, reason: 'stocktaking' };
      return ofStock({ type: 'AdjustStock', data: { sku, ...found } });
    }
    case 'reprice':
      return ofProduct({ type: 'ChangePrice', data: { sku, price: action.price, currency: EUR } });
  }
}

const registered = ({ sku, price, requiresShipping }: PlannedProduct): Made =>
  ofProduct({
    type: 'RegisterProduct',
    data: { sku: Sku.parse(sku), name: sku, price, currency: EUR, requiresShipping },
  });

const ofProduct =
  (command: ProductCommand): Made =>
  () =>
    new OnProduct(addressed(productStream(command.data.sku), command, OPERATOR));
const ofStock =
  (command: StockCommand): Made =>
  () =>
    new OnStock(addressed(stockStream(command.data.sku), command, OPERATOR));
const ofOrder =
  (command: OrderRequest): Made =>
  () =>
    new OnOrder(addressed(orderStream(command.data.orderId), command, OPERATOR));
const ofPayment =
  (command: PaymentCommand): Made =>
  () =>
    new OnPayment(addressed(paymentStream(command.data.paymentId), command, OPERATOR));

const operatorRequest = ({ id }: Operation): OperatorRequest => ({
  ...{ key: id, actor: OPERATOR, reason: 'to see what comes of it' },
  context: contextOf(undefined, undefined),
});
