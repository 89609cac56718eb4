/** The embedded broker as a process of its own: node broker.main.js [--port 5672] [--with-parent] */
import { standAlone } from '../stand-alone.js';
import { startBroker } from './broker.js';

await standAlone(({ port }) =>
  startBroker({ ...(port === undefined ? {} : { port }), onFault: (fault) => console.error(fault.message) }),
);
