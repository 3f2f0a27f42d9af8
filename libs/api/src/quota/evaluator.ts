import type { KubeObject } from '../kube-object';
import type { Amounts } from './amounts';
import type { Scope } from './scopes';

/** What a quota must know of one resource: which of its names count it, and what one object costs. */
export interface QuotaEvaluator {
  readonly group: string;
  readonly resource: string;
  /** Whether an update can change what an object costs. */
  readonly chargesUpdates: boolean;
  /** Whether an update, by the object itself or by one of its subresources, is charged when it is admitted. */
  admitsUpdate(subresource: string, before: KubeObject, after: KubeObject): boolean;
  /** Whether an update takes an object from the scopes of some quotas to those of others. */
  changesScope(before: KubeObject, after: KubeObject): boolean;
  /** Whether this name of a quota's hard limits is about this resource. */
  counts(name: string): boolean;
  matchesScope(scope: Scope, object: KubeObject): boolean;
  /** What the object costs now. */
  usage(object: KubeObject, nowMs: number): Amounts;
  /** Why an object may not exist beside limits of these names: it must say how much it needs. Undefined if it may. */
  missing?(names: readonly string[], object: KubeObject): string | undefined;
}
