import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import type { Real } from '@orders/shared-events/testing/servers.js';
import type { ProcessManagers } from '../process-managers.js';
import { ObedientCommandSide } from './obedient-command-side.js';
import { type Stand, stand } from './stand.js';

/**
 * What the tests of one block have in common: a stand, and a command side that obeys and forgets before each test what
 * it was told. Instances that a test starts end with it.
 */
export class Block {
  servers!: Stand;
  commandSide!: ObedientCommandSide;
  /** In the order of their start. */
  readonly running: ProcessManagers[] = [];

  /** To be called where the tests are described. */
  static on(real: Pick<Real, 'DATABASE_URL'>): Block {
    const block = new Block();
    beforeAll(async () => {
      block.servers = await stand(real);
      block.commandSide = new ObedientCommandSide(block.servers.store, block.servers.bus);
      await block.commandSide.start();
    });
    afterAll(async () => {
      await block.commandSide.stop();
      await block.servers.stop();
    });
    beforeEach(() => {
      block.commandSide.received.length = 0;
      block.commandSide.silent.clear();
    });
    afterEach(() => Promise.all(block.running.splice(0).map((instance) => instance.stop())));
    return block;
  }

  readonly start = async (...how: Parameters<Stand['instance']>): Promise<ProcessManagers> => {
    const instance = this.servers.instance(...how);
    this.running.push(instance);
    await instance.start();
    return instance;
  };
}
