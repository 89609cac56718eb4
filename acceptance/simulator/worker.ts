/** A thread of the simulator: what is loaded here finds its clock, timers and chance replaced. */
import './realm.js';
import { type MessagePort, parentPort } from 'node:worker_threads';
import type { Answer, Job } from './jobs.js';

// Dynamic, so that nothing of it is loaded before the realm is there.
const { answerTo } = await import('./jobs.js');

const port: MessagePort | null = parentPort;
if (!port) throw new Error('the simulator runs in threads of its own');

/** Nobody reads the stacks of the errors that are part of a run, and they cost a tenth of it. */
Error.stackTraceLimit = 0;

const unheard: unknown[] = [];
process.on('unhandledRejection', (reason) => unheard.push(reason));

port.on('message', (job: Job) => {
  answerTo(job, unheard).then(
    (answer: Answer) => port.postMessage(answer),
    // Ends the thread, of which whoever gave it the job is told.
    (error: unknown) =>
      setImmediate(() => {
        throw error;
      }),
  );
});
