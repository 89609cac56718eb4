import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

interface DemoProduct {
  readonly sku: string;
  readonly name: string;
  /** Minor units of EUR. */
  readonly price: number;
  readonly requiresShipping: boolean;
  readonly quantity: number;
}

/** Goods that ship, a licence that does not, and one that is always out of stock. */
const PRODUCTS: readonly DemoProduct[] = [
  { sku: 'TEA-ASSAM', name: 'Assam, 100 g', price: 890, requiresShipping: true, quantity: 500 },
  { sku: 'TEA-SENCHA', name: 'Sencha, 100 g', price: 1290, requiresShipping: true, quantity: 500 },
  { sku: 'TEAPOT', name: 'Teapot, 1.2 l', price: 4900, requiresShipping: true, quantity: 100 },
  { sku: 'GIFT-CARD', name: 'Gift card', price: 2500, requiresShipping: false, quantity: 100_000 },
  { sku: 'TEA-COURSE', name: 'Online tea course', price: 1900, requiresShipping: false, quantity: 100_000 },
  { sku: 'SOLD-OUT', name: 'Last year’s first flush', price: 1590, requiresShipping: true, quantity: 0 },
];

const REGISTER = `mutation ($input: RegisterProductInput!) {
  registerProduct(input: $input) { __typename ... on Refusal { code message } }
}`;
const RECEIVE = `mutation ($input: ReceiveStockInput!) {
  receiveStock(input: $input) { __typename ... on Refusal { code message } }
}`;

/** Once per data folder; a seed that was cut short is taken up again, since every part of it is idempotent. */
export async function seedCatalogue(dir: string, graphql: string, authorization: string): Promise<void> {
  const done = join(dir, 'catalogue-seeded');
  if (await exists(done)) return;
  for (const { quantity, price, ...product } of PRODUCTS) {
    await mutate({ graphql, authorization }, REGISTER, {
      ...product,
      price: { amount: price, currency: 'EUR' },
    });
    if (quantity > 0) {
      await mutate({ graphql, authorization }, RECEIVE, {
        sku: product.sku,
        receiptId: 'demo-catalogue',
        quantity,
      });
    }
  }
  await writeFile(done, '');
}

interface Endpoint {
  readonly graphql: string;
  readonly authorization: string;
}

async function mutate({ graphql, authorization }: Endpoint, query: string, input: object): Promise<void> {
  const response = await fetch(graphql, {
    method: 'POST',
    headers: {
      ...{ 'content-type': 'application/json', authorization },
      'x-correlation-id': 'demo-catalogue',
    },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const answer = (await response.json()) as { errors?: unknown; data?: Record<string, { code?: string }> };
  const refused = Object.values(answer.data ?? {}).find((result) => result.code !== undefined);
  if (answer.errors || refused) {
    throw new Error(`The demo catalogue could not be seeded: ${JSON.stringify(answer.errors ?? refused)}`);
  }
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
