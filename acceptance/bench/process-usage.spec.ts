import { describe, expect, it } from '@jest/globals';
import {
  cpuAloneOf,
  othersShare,
  parseAnonymousBytes,
  parseMachine,
  parseStat,
  treeOf,
  usageOf,
} from './process-usage.js';

/** As the kernel writes it: 52 fields; user and system time are the 14th and 15th, those of ended children follow. */
const stat = (pid: number, name: string, parent: number, times = '70 30 5 2') =>
  `${pid} (${name}) S ${parent} 10 10 0 -1 4194304 2096 0 0 0 ${times} 20 0 11 0 74230 1210000000 28000 ` +
  '18446744073709551615 1 1 0 0 0 0 0 4096 134234626 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0';

describe('/proc/<pid>/stat', () => {
  it('tells the parent, and the CPU time with that of the children that have ended', () => {
    expect(parseStat(stat(42, 'node', 7))).toEqual({ pid: 42, parent: 7, cpuMs: 1070 });
  });

  it.each(['tmux: server', 'a) S 1 (b', '(sd-pam)', ''])(
    'is read whatever the process is called: %j',
    (name) => {
      expect(parseStat(stat(42, name, 7)).parent).toBe(7);
    },
  );

  it('is an error where it is something else', () => {
    expect(() => parseStat('')).toThrow('not what /proc/<pid>/stat says');
    expect(() => parseStat('Name: node')).toThrow('not what /proc/<pid>/stat says');
  });
});

describe('/proc/<pid>/status', () => {
  it('tells the anonymous memory in bytes', () => {
    const status =
      'VmRSS:\t  205040 kB\nRssAnon:\t  150000 kB\nRssFile:\t   55000 kB\nRssShmem:\t      40 kB\n';
    expect(parseAnonymousBytes(status)).toBe(153_600_000);
  });

  it('of a process that has ended tells of none', () => expect(parseAnonymousBytes('')).toBe(0));
});

describe('a tree of processes', () => {
  it('holds children and children of children, and nothing else', () => {
    const all = [
      stat(1, 'init', 0),
      stat(5, 'postgres', 1),
      stat(6, 'worker', 5),
      stat(7, 'node', 1),
      stat(8, 'x', 6),
    ];
    expect(treeOf(5, all.map(parseStat)).map(({ pid }) => pid)).toEqual([5, 6, 8]);
  });

  it('is empty where its root is gone', () => {
    expect(treeOf(99, [parseStat(stat(1, 'init', 0))])).toEqual([]);
  });
});

describe('the usage', () => {
  it('of this very process is there', async () => {
    const { self } = await usageOf({ self: process.pid });
    expect(self?.cpuMs).toBeGreaterThan(0);
    expect(self?.anonymousBytes).toBeGreaterThan(2 ** 20);
  });
});

describe('the CPU time of a process alone', () => {
  it('is not more than that with its descendants', async () => {
    const alone = await cpuAloneOf(process.pid);
    expect(alone).toBeGreaterThan(0);
    expect(alone).toBeLessThanOrEqual((await usageOf({ self: process.pid }))['self']!.cpuMs);
  });

  it('is an error where there is no such process', async () => {
    await expect(cpuAloneOf(0)).rejects.toThrow('not what /proc/<pid>/stat says');
  });
});

describe('/proc/stat', () => {
  const text = 'cpu  100 5 50 800 40 1 2 3 0 0\ncpu0 50 5 25 400 20 1 1 3 0 0\nctxt 12345\n';

  it('tells how long all cores were busy, and how long there were any', () => {
    expect(parseMachine(text)).toEqual({ busyMs: 1610, totalMs: 10_010 });
  });

  it('is an error where it is something else', () => {
    expect(() => parseMachine('ctxt 1')).toThrow('not what /proc/stat says');
  });
});

describe('the share of others', () => {
  it('is a part of the machine', async () => {
    const share = await othersShare();
    const until = performance.now() + 50;
    while (performance.now() < until); // so that the machine has done something that is ours
    const others = await share();
    expect(others).toBeGreaterThanOrEqual(0);
    expect(others).toBeLessThanOrEqual(1);
  });
});
