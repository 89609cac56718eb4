import { ADMIN } from '@orders/shared-events/testing/access.js';
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';

/** How many requests a checkout has under way at once. */
export const IN_FLIGHT = 32;
/** Spread over this many products, no single stock stream is what is measured. */
export const SKUS: readonly string[] = Array.from(
  { length: 16 },
  (_, index) => `BENCH-${String(index + 1).padStart(2, '0')}`,
);
/** The one product that everybody wants. */
export const HOT_SKU = 'BENCH-HOT';
export const CUSTOMER = 'bench-customer';

const PLACE = `mutation ($input: PlaceOrderInput!) {
  placeOrder(input: $input) {
    __typename
    ... on OrderAccepted { orderId position repeated }
    ... on Refusal { code message }
  }
}`;
const REGISTER = `mutation ($input: RegisterProductInput!) {
  registerProduct(input: $input) { __typename ... on Refusal { code message } }
}`;
const RECEIVE = `mutation ($input: ReceiveStockInput!) {
  receiveStock(input: $input) { __typename ... on Refusal { code message } }
}`;

/** As much as one receipt may bring. */
const PLENTY = 1_000_000;

/** GraphQL over connections that stay open, with as little work a request as there can be. */
export class GraphqlClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #url: () => string;

  /** @param urls of instances that are asked in turn */
  constructor(...urls: readonly string[]) {
    this.#url = inTurn(urls);
  }

  /** @returns the body of the answer. Throws where the request fails or the status is not 200. */
  async post(query: string, variables: object): Promise<string> {
    const body = JSON.stringify({ query, variables });
    for (;;) {
      const answer = await this.#try(body);
      if (answer !== undefined) return answer;
    }
  }

  /** Undefined where the server had closed the connection just then, because nothing had come over it for a while. */
  #try(body: string): Promise<string | undefined> {
    const headers = {
      ...ADMIN,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    return new Promise((resolve, reject) => {
      const sent = request(this.#url(), { agent: this.#agent, method: 'POST', headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('error', reject).on('end', () => {
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`HTTP ${response.statusCode}: ${text}`));
        });
      });
      sent.on('error', (error: NodeJS.ErrnoException) => {
        if (sent.reusedSocket && error.code === 'ECONNRESET') resolve(undefined);
        else reject(error);
      });
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

export interface OrderRequest {
  readonly sku: string;
  readonly idempotencyKey: string;
}

export const newOrder = (sku: string): OrderRequest => ({ sku, idempotencyKey: randomUUID() });

/** An order of one piece, charged at once, that completes by itself. Throws where it is not accepted. */
export async function placeOrder(
  client: GraphqlClient,
  { sku, idempotencyKey }: OrderRequest,
): Promise<void> {
  const answer = await client.post(PLACE, {
    input: {
      customerId: CUSTOMER,
      idempotencyKey,
      lines: [{ sku, quantity: 1 }],
      paymentMethod: 'pm_approve',
      captureMethod: 'AUTOMATIC',
    },
  });
  if (!answer.includes('"OrderAccepted"')) throw new Error(`not accepted: ${answer}`);
}

/** Products that need no shipping, with stock for any run. */
export async function seedProducts(client: GraphqlClient): Promise<void> {
  for (const sku of [...SKUS, HOT_SKU]) {
    const product = { sku, name: sku, price: { amount: 2500, currency: 'EUR' }, requiresShipping: false };
    const answers = [
      await client.post(REGISTER, { input: product }),
      await client.post(RECEIVE, { input: { sku, receiptId: 'bench', quantity: PLENTY } }),
    ];
    for (const answer of answers) {
      if (/"errors"|"code"/.test(answer)) throw new Error(`not seeded: ${answer}`);
    }
  }
}

/** Hands out the names in turn, for ever. */
export function inTurn(names: readonly string[]): () => string {
  let next = 0;
  return () => names[next++ % names.length] ?? '';
}
