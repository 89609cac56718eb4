import type { Build } from './builds.js';

/** What an instance of the query side should do next, given all builds under its contract. */
export type Task =
  /** Keep the build up to date. */
  | { readonly do: 'project'; readonly build: string }
  /** Fill the build and promote it. */
  | { readonly do: 'rebuild'; readonly build: string }
  /** There is no build of this version yet: make one, to be rebuilt. */
  | { readonly do: 'create' };

/** So long after its last sign of life a builder is taken for gone, not for restarting. */
const ORPHANED_AFTER_SECONDS = 10;

/**
 * - The live build is of this version: keep it up to date.
 * - It is not, and this version was never live: a deployment. Build its own beside it, then promote that.
 * - This version was live and is no longer: a newer one has taken over. Keep the own build up to date, for as long
 *   as the newer one may be rolled back; take over again only when nobody builds the live one any more.
 * So two versions that run side by side never take the live build from each other in turn.
 */
export function nextTask(builds: readonly Build[], definition: string): Task {
  const live = builds.find(({ state }) => state === 'live');
  if (live?.definition === definition) return { do: 'project', build: live.build };
  const own = builds.findLast((build) => build.definition === definition && !isOthersCandidate(build));
  if (!own) return { do: 'create' };
  const isNewer = !live || own.sequence > live.sequence;
  const isOrphaned = live && live.abandonedFor > ORPHANED_AFTER_SECONDS;
  return { do: isNewer || isOrphaned ? 'rebuild' : 'project', build: own.build };
}

/** What `npm run replay` fills is its own affair until it has promoted it. */
const isOthersCandidate = ({ purpose, state }: Build): boolean => purpose === 'replay' && state === 'filling';

export const isSameTask = (one: Task, other: Task): boolean =>
  one.do === other.do && (one.do === 'create' || other.do === 'create' || one.build === other.build);
