import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type Program, program } from '../testing/program.js';

const children: Program[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process whose start is `start`; what it closes, and what it logs as an error, it says on standard output. */
function run(start: string, ...args: string[]): Program {
  const child = program(
    `import { runAsProcess } from './transport/process-lifetime.js';
     const say = (line) => console.log(line);
     const logger = { error: ({ err }, message) => say(message + ': ' + err.message) };
     class Wrong extends Error {}
     const never = new Promise(() => setInterval(() => undefined, 1_000));
     await runAsProcess(async (onStop) => { ${start} }, { logger, operatorErrors: [Wrong] });`,
    ...args,
  );
  children.push(child);
  return child;
}

const TWO_PARTS = `
  onStop(async () => say('first closed'));
  onStop(async () => say('second closed'));
  setInterval(() => undefined, 1_000);
`;
const LISTENING = `return 'http://127.0.0.1:1';`;

/** What a process has said when it is over; `after` is done to it when it has said that it listens, or has started. */
async function lifeOf(child: Program, after: (child: Program) => void = () => undefined) {
  const said: string[] = [];
  const [errors, exit] = [text(child.stderr), once(child, 'exit')];
  for await (const line of createInterface({ input: child.stdout })) {
    if (/^\{"listening"|^started$/.test(line)) after(child);
    said.push(line);
  }
  const [code, signal] = (await exit) as [number | null, NodeJS.Signals | null];
  return { said, errors: await errors, end: signal ?? code };
}

describe('a process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'says where it listens, and closes the last first on %s',
    async (signal) => {
      const child = run(TWO_PARTS + LISTENING);
      expect(await lifeOf(child, () => child.kill(signal))).toEqual({
        said: [
          JSON.stringify({ listening: 'http://127.0.0.1:1', pid: child.pid }),
          'second closed',
          'first closed',
        ],
        errors: '',
        end: 0,
      });
    },
  );

  it('that is told to stop in the middle of its start closes what it has started', async () => {
    const child = run(`${TWO_PARTS} say('started'); await never;`);
    const { said, end } = await lifeOf(child, () => child.kill('SIGTERM'));
    expect([said, end]).toEqual([['started', 'second closed', 'first closed'], 0]);
  });

  it('that runs with its parent stops when the parent is gone', async () => {
    const child = run(TWO_PARTS + LISTENING, '--with-parent');
    const { said, end } = await lifeOf(child, () => child.stdin.destroy());
    expect([said.slice(1), end]).toEqual([['second closed', 'first closed'], 0]);
  });

  it('that an operator must mend says so in one line', async () => {
    expect(await lifeOf(run(`throw new Wrong('this is another log');`))).toEqual({
      said: [],
      errors: 'this is another log\n',
      end: 1,
    });
  });

  it.each([
    ['thrown', `setImmediate(() => { throw new Error('unheard of'); });`],
    ['rejected', `void Promise.reject(new Error('unheard of'));`],
    ['thrown by its start', `throw new Error('unheard of');`],
  ])('logs what nobody expected, closes what it can, and ends: %s', async (_how, happens) => {
    const { said, end } = await lifeOf(run(`${TWO_PARTS} ${happens} ${LISTENING}`));
    expect([said.filter((line) => !line.startsWith('{')), end]).toEqual([
      ['unexpected error: unheard of', 'second closed', 'first closed'],
      70,
    ]);
  });

  it('that could not close is a failure, and says why', async () => {
    const child = run(`onStop(async () => { throw new Error('still busy'); }); ${TWO_PARTS} ${LISTENING}`);
    const { said, end } = await lifeOf(child, () => child.kill('SIGTERM'));
    expect([said.at(-1), end]).toEqual(['did not stop cleanly: still busy', 1]);
  });

  it('that does not stop is ended after eight seconds', async () => {
    const child = run(`onStop(() => never); ${LISTENING}`);
    const { end } = await lifeOf(child, () => child.kill('SIGTERM'));
    expect(end).toBe(1);
  });
});
