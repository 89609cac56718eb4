/**
 * Takes the place of the clock, of timers and of chance in this thread, for all code that runs in it: that of the
 * product and of its libraries. So nothing has to be found and passed in, and what is added to the product tomorrow is
 * deterministic as well. While no realm is entered everything is as it was.
 *
 * To be loaded before anything that may keep one of these functions.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { performance } from 'node:perf_hooks';
import type { Clock } from './clock.js';

export interface Realm {
  readonly clock: Clock;
  /** From [0, 1). */
  readonly random: () => number;
}

let realm: Realm | undefined;

export function enter(entered: Realm | undefined): void {
  realm = entered;
}

const real = {
  Date,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  setImmediate: globalThis.setImmediate,
  now: performance.now.bind(performance),
  random: Math.random,
  randomUUID: crypto.randomUUID,
  randomBytes: crypto.randomBytes,
  any: AbortSignal.any.bind(AbortSignal),
  timeout: AbortSignal.timeout.bind(AbortSignal),
};

class VirtualDate extends real.Date {
  constructor(...parts: readonly unknown[]) {
    if (parts.length === 0) super(realm ? realm.clock.told : real.Date.now());
    else super(...(parts as [string]));
  }

  static override now(): number {
    return realm ? realm.clock.told : real.Date.now();
  }
}

function setVirtualTimeout(run: (...given: unknown[]) => void, delay = 0, ...given: unknown[]): unknown {
  return realm
    ? realm.clock.setTimer(given.length === 0 ? run : () => run(...given), delay)
    : real.setTimeout(run, delay, ...given);
}

function clearVirtualTimeout(timer: unknown): void {
  if (typeof timer === 'object' && timer !== null && 'isOff' in timer) timer.isOff = true;
  else real.clearTimeout(timer as NodeJS.Timeout);
}

/** What would run beside the virtual clock. Nothing that is simulated uses it, and this is how it would be noticed. */
const onlyOutside =
  <Parameters extends unknown[], Result>(name: string, call: (...given: Parameters) => Result) =>
  (...given: Parameters): Result => {
    if (realm) throw new Error(`${name} is not simulated`);
    return call(...given);
  };

/** Node keeps its own for as long as somebody listens to it: for ever, where that is a process that has crashed. */
function anyOf(signals: AbortSignal[]): AbortSignal {
  const either = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) either.abort(signal.reason);
    else signal.addEventListener('abort', () => either.abort(signal.reason), { once: true });
  }
  return either.signal;
}

function timeoutAfter(ms: number): AbortSignal {
  const over = new AbortController();
  setVirtualTimeout(() => over.abort(new DOMException('it took too long', 'TimeoutError')), ms);
  return over.signal;
}

const bits = (from: () => number): number => Math.floor(from() * 0x1_0000_0000);

function bytes(count: number, from: () => number): Buffer {
  const drawn = Buffer.alloc(count);
  for (let index = 0; index < count; index++) drawn[index] = bits(from) >>> 24;
  return drawn;
}

/** A UUID of version 4 (RFC 9562). */
function uuid(from: () => number): string {
  const hex = [0, 0, 0, 0].map(() => bits(from).toString(16).padStart(8, '0')).join('');
  const variant = (8 + (Number.parseInt(hex.charAt(16), 16) & 3)).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

Object.assign(globalThis, {
  Date: VirtualDate,
  setTimeout: setVirtualTimeout,
  clearTimeout: clearVirtualTimeout,
  setInterval: onlyOutside('setInterval', real.setInterval),
  setImmediate: onlyOutside('setImmediate', real.setImmediate),
});
AbortSignal.any = (signals) => (realm ? anyOf([...signals]) : real.any(signals));
AbortSignal.timeout = (ms) => (realm ? timeoutAfter(ms) : real.timeout(ms));
Math.random = () => (realm ? realm.random() : real.random());
performance.now = () => (realm ? realm.clock.now : real.now());
Object.assign(crypto, {
  randomUUID: () => (realm ? uuid(realm.random) : real.randomUUID()),
  randomBytes: (count: number) => (realm ? bytes(count, realm.random) : real.randomBytes(count)),
});
syncBuiltinESMExports();
