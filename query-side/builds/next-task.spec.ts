import { describe, expect, it } from '@jest/globals';
import type { Build } from './builds.js';
import { nextTask } from './next-task.js';

const build = (build: string, definition: string, more: Partial<Build> = {}): Build => ({
  build,
  sequence: Number(build.slice(1)),
  definition,
  purpose: 'deploy',
  state: 'retired',
  position: 0n,
  logIdentity: 'log',
  abandonedFor: 0,
  ...more,
});
const live = { state: 'live' } as const;
const filling = { state: 'filling' } as const;

describe('what a builder does next', () => {
  it('keeps the live build of its version up to date', () => {
    expect(nextTask([build('b1', 'old'), build('b2', 'mine', live)], 'mine')).toEqual({
      do: 'project',
      build: 'b2',
    });
  });

  it('follows a replay of its version to the new build', () => {
    const builds = [build('b1', 'mine'), build('b2', 'mine', { ...live, purpose: 'replay' })];
    expect(nextTask(builds, 'mine')).toEqual({ do: 'project', build: 'b2' });
  });

  it('makes a build when its version is deployed', () => {
    expect(nextTask([build('b1', 'old', live)], 'mine')).toEqual({ do: 'create' });
  });

  it('goes on with the build that it, or another instance, had begun', () => {
    const builds = [build('b1', 'old', live), build('b2', 'mine', filling)];
    expect(nextTask(builds, 'mine')).toEqual({ do: 'rebuild', build: 'b2' });
  });

  it('leaves a replay that is being filled to whoever fills it', () => {
    const builds = [build('b1', 'old', live), build('b2', 'mine', { ...filling, purpose: 'replay' })];
    expect(nextTask(builds, 'mine')).toEqual({ do: 'create' });
  });

  it('keeps its own build up to date when a newer version has taken over', () => {
    const builds = [build('b1', 'mine'), build('b2', 'newer', live)];
    expect(nextTask(builds, 'mine')).toEqual({ do: 'project', build: 'b1' });
  });

  it('waits while the newer version may only be restarting', () => {
    const builds = [build('b1', 'mine'), build('b2', 'newer', { ...live, abandonedFor: 9 })];
    expect(nextTask(builds, 'mine')).toEqual({ do: 'project', build: 'b1' });
  });

  it('takes over again when nobody builds the live one any more', () => {
    const builds = [build('b1', 'mine'), build('b2', 'newer', { ...live, abandonedFor: 11 })];
    expect(nextTask(builds, 'mine')).toEqual({ do: 'rebuild', build: 'b1' });
  });
});
