/** `npm run orders`: what operators see and do, over the APIs of a running system; see orders-command/vocabulary.ts. */
import { exitCodes, runAsCommand } from '@orders/shared-events/transport/command-line.js';
import { interruption } from '@orders/shared-events/transport/interruption.js';
import { apiOf, tokenOf } from '@orders/shared-events/transport/running-system.js';
import { AdminClient } from './orders-command/admin-client.js';
import { ApiRefusal } from './orders-command/api-answer.js';
import { understand } from './orders-command/arguments.js';
import { AuditClient } from './orders-command/audit-client.js';
import { Unconfirmed } from './orders-command/confirmation.js';
import { writeJson } from './orders-command/listing.js';
import { terminalOf } from './orders-command/terminal.js';
import { vocabulary } from './orders-command/vocabulary.js';
import type { World } from './orders-command/world.js';

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  const said = understand(argv, vocabulary);
  if ('help' in said) {
    process.stdout.write(said.help);
    return exitCodes.done;
  }
  const world = theWorld();
  return said.run(world).catch((error: unknown) => {
    if (error instanceof ApiRefusal && argv.includes('--json')) writeJson(error.body, world.terminal);
    throw error;
  });
}

function theWorld(): World {
  const signal = interruption();
  const urlOf = (variable: Parameters<typeof apiOf>[0]) => apiOf(variable, process.env, process.cwd());
  const token = tokenOf(process.env, process.cwd());
  return {
    admin: new AdminClient(() => urlOf('ADMIN_URL'), token, signal),
    audit: new AuditClient(() => urlOf('GRAPHQL_URL'), token, signal),
    terminal: terminalOf(process, signal),
    environment: process.env,
    now: () => new Date(),
  };
}

function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof ApiRefusal) return error.exitCode;
  return error instanceof Unconfirmed ? exitCodes.unconfirmed : undefined;
}

/** Whoever reads the output has seen enough. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? exitCodes.done : exitCodes.failed);
});

await runAsCommand('orders', main, exitCodeOf);
