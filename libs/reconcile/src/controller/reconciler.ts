import type { ObjectKey } from '../ports';

/** What becomes of a key after a reconcile that did not fail. */
export type Result = { readonly kind: 'done' } | { readonly kind: 'requeueAfter'; readonly ms: number };

export const done: Result = { kind: 'done' };

/** Reconciles the key again after `ms` (at 0 in the next turn of the event loop), or not if that is undefined. */
export function after(ms: number | undefined): Result {
  return ms === undefined ? done : { kind: 'requeueAfter', ms };
}

/**
 * Brings one object's surroundings to what it says. Level-based: it looks at what is, not at what changed. Throwing
 * means "again, with back-off"; a conflict means the same, quietly; a TerminalError means not until it changes.
 */
export interface Reconciler {
  /** Of the controller, as upstream names it: in logs and metrics. */
  readonly name: string;
  reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result>;
}

/** A failure that trying again does not mend. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/** Whether this is a TerminalError, of whichever copy of this module. */
export function isTerminal(error: unknown): boolean {
  return error instanceof Error && error.name === 'TerminalError';
}
