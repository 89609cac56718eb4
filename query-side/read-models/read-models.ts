import { auditLogProjector } from '../audit-log/audit-log.projector.js';
import { ordersProjector } from '../orders/orders.projector.js';
import { productsProjector } from '../products/products.projector.js';
import { stockProjector } from '../stock/stock.projector.js';
import { define, sql } from './definition.js';

const file = (path: string): string => sql(`../${path}`, import.meta.url);

/** What this version of the query side builds and reads. */
export const readModels = define('read_v2', [
  {
    projector: ordersProjector,
    tables: file('orders/orders.tables.sql'),
    indexes: file('orders/orders.indexes.sql'),
    views: file('orders/orders.views.sql'),
  },
  {
    projector: productsProjector,
    tables: file('products/products.tables.sql'),
    indexes: '',
    views: file('products/products.views.sql'),
  },
  {
    projector: stockProjector,
    tables: file('stock/stock.tables.sql'),
    indexes: '',
    views: file('stock/stock.views.sql'),
  },
  {
    projector: auditLogProjector,
    tables: file('audit-log/audit-log.tables.sql'),
    indexes: file('audit-log/audit-log.indexes.sql'),
    views: file('audit-log/audit-log.views.sql'),
  },
]);
