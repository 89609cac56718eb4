/** The embedded Postgres under a launcher process: node postgres.main.js --dir folder [--port 5432] [--with-parent] */
import { standAlone } from '../stand-alone.js';
import { startPostgres } from './postgres.js';

await standAlone(async ({ port, dir }) => {
  if (dir === undefined) throw new Error('--dir: the folder of the data is missing');
  return startPostgres({ dir, ...(port === undefined ? {} : { port }) });
});
