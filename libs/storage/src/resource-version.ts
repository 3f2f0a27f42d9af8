import { type ResourceVersion } from './types';

/** Positions per revision; the last one stands for the whole revision. */
const positions = 1024;

/** The version of the event at a position of a revision (rules 1.2). */
export function resourceVersionOf(revision: number, position: number): ResourceVersion {
  return revision * positions + position;
}

/** The version of a collection at a revision: LISTs, bookmarks, snapshots (rules 1.7). */
export function collectionVersion(revision: number): ResourceVersion {
  return revision * positions + positions - 1;
}

/** The etcd revision a version lies in: the mod_revision of the object that carries it. */
export function revisionOf(version: ResourceVersion): number {
  return Math.floor(version / positions);
}

/** Reads a client's resourceVersion; undefined if it is not a decimal that can be one of ours. */
export function parseResourceVersion(text: string): ResourceVersion | undefined {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const version = Number(text);
  return Number.isSafeInteger(version) ? version : undefined;
}
