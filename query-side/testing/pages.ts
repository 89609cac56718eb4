import type { RunningApp } from './running-app.js';

export interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly key: string } }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string;
    readonly endCursor: string;
  };
}

/** A list of the schema, with the field that tells its entries apart. */
export class Pages {
  static readonly orders = { field: 'orders', key: 'orderId', filter: 'OrderFilter' };
  static readonly auditLog = { field: 'auditLog', key: 'position', filter: 'AuditLogFilter' };
  static readonly products = { field: 'products', key: 'sku', filter: undefined };

  constructor(
    private readonly app: RunningApp,
    private readonly list: { field: string; key: string; filter: string | undefined },
  ) {}

  async page(args: object): Promise<Page> {
    const { field, key, filter } = this.list;
    const answer = await this.app.data<Record<string, Page>>(
      `query ($first: Int, $after: String, $last: Int, $before: String ${filter ? `, $filter: ${filter}` : ''}) {
         ${field}(first: $first, after: $after, last: $last, before: $before ${filter ? ', filter: $filter' : ''}) {
           edges { cursor node { key: ${key} } }
           pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
         }
       }`,
      args,
    );
    const page = answer[field];
    if (!page) throw new Error(`no ${field}`);
    return page;
  }

  /** The keys of all entries, read in pages from the beginning. */
  async forwards(first: number, filter: object = {}): Promise<readonly string[]> {
    const all: string[] = [];
    for (let after: string | undefined; ;) {
      const { edges, pageInfo } = await this.page({ first, after, filter });
      all.push(...edges.map(({ node }) => node.key));
      if (!pageInfo.hasNextPage) return all;
      after = pageInfo.endCursor;
    }
  }

  /** The same, read in pages from the end. */
  async backwards(last: number, filter: object = {}): Promise<readonly string[]> {
    const all: string[] = [];
    for (let before: string | undefined; ;) {
      const { edges, pageInfo } = await this.page({ last, before, filter });
      all.unshift(...edges.map(({ node }) => node.key));
      if (!pageInfo.hasPreviousPage) return all;
      before = pageInfo.startCursor;
    }
  }
}
