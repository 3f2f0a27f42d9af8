import type { StrategyContext } from '@navarch/api';
import type { Abandonment, AdmissionAttributes, Annotate, RequestedVersion, User } from '../pipeline';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** What every write carries besides its object, from whichever door it came. */
export interface WriteContext {
  readonly user: User;
  readonly dryRun: boolean;
  /** As asked; empty: made from the user agent. */
  readonly fieldManager: string;
  readonly userAgent: string;
  readonly fieldValidation: FieldValidation;
  /** Server-side apply: take fields over from other managers. */
  readonly force: boolean;
  /** The write is the apiserver's own: no admission. */
  readonly trusted: boolean;
  /** One of those that a request without a name deletes: admission is told none either, as upstream. */
  readonly ofCollection?: boolean;
  readonly warn: (text: string) => void;
  /** Whether anybody waits for the outcome: what has not been sent to the store when nobody does any more is not written. */
  readonly abandonment?: Abandonment;
  /** How the client named the resource; absent: as it is stored. */
  readonly requested?: RequestedVersion;
  /** The options of the request as the client gave them, for admission to see; absent: made from what stands above. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Notes in the audit event; absent where nothing is audited. */
  readonly annotate?: Annotate | undefined;
}

/** CreateOptions or UpdateOptions, as admission sees them: nothing that was not asked for. */
export function writeOptionsOf({ options, dryRun, fieldManager }: WriteContext): Readonly<Record<string, unknown>> {
  return options ?? { ...(dryRun ? { dryRun: ['All'] } : {}), ...(fieldManager === '' ? {} : { fieldManager }) };
}

/** What admission gets to know of every write. */
export function admissionContext({ user, dryRun, warn, annotate, requested, abandonment }: WriteContext): Pick<AdmissionAttributes, 'abandonment' | 'annotate' | 'dryRun' | 'requested' | 'user' | 'warn'> {
  return { user, dryRun, warn, annotate, requested, abandonment };
}

const MANAGER_LIMIT = 128;

/** The name that owns the fields of a write, as upstream's managerOrUserAgent. */
export function managerOf(context: WriteContext): string {
  if (context.fieldManager !== '') return context.fieldManager;
  const { userAgent } = context;
  const slash = userAgent.indexOf('/');
  const agent = slash < 0 ? userAgent : userAgent.slice(0, slash);
  const printable = agent.replace(/[^\x20-\x7e]/g, '').slice(0, MANAGER_LIMIT);
  return printable === '' ? 'unknown' : printable;
}

/** What the rules of a kind get to know of the request. */
export function strategyContextOf({ user, warn }: WriteContext, nowMs: number, isOpen: StrategyContext['isOpen']): StrategyContext {
  return { userName: user.name, userGroups: user.groups, userUid: user.uid, userExtra: user.extra, nowMs, warn, isOpen };
}
