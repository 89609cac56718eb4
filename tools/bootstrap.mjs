// Run by npm before start, test, demo, replay, bench and the simulator: installs and builds what is missing or out of date.
// Plain Node 20 without dependencies, since nothing may be installed yet.
import { build } from './building.mjs';
import { Failure, main } from './child-process.mjs';
import { install } from './installation.mjs';

const OLDEST_NODE = 20;

await main(async () => {
  if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
    throw new Failure(`Node ${OLDEST_NODE} or newer is needed, and this is ${process.versions.node}`);
  }
  await install();
  await build();
});
