import type { metav1, storagemigrationv1beta1 } from '@navarch/api';
import { compareStrings } from '@navarch/apimachinery';
import { isTrue, withCondition } from '../../conditions';

type Migration = storagemigrationv1beta1.StorageVersionMigration;

/** What a migration needs next. */
export type MigrationPlan =
  /** It has ended, and may have to be taken off the resource. */
  | 'finish'
  /** Another of the same resource is first. */
  | 'wait'
  | 'start'
  /** Up to which version objects are to be written again. */
  | 'checkpoint'
  | 'migrate';

export const hasEnded = ({ status }: Migration): boolean => isTrue(status?.conditions, 'Succeeded') || isTrue(status?.conditions, 'Failed');
const isRunning = ({ status }: Migration): boolean => isTrue(status?.conditions, 'Running');

export const isOfSameResource = (a: Migration, b: Migration): boolean => a.spec?.resource.group === b.spec?.resource.group && a.spec?.resource.resource === b.spec?.resource.resource;

/** Decides what a migration needs next. One of a resource runs at a time, the oldest first. Mirrors upstream's storageversionmigrator. */
export function planMigration(migration: Migration, all: readonly Migration[]): MigrationPlan {
  if (hasEnded(migration)) return 'finish';
  if (!isRunning(migration)) {
    const same = all.filter((other) => isOfSameResource(other, migration) && !hasEnded(other));
    const [first] = same.sort(byAge);
    return same.some(isRunning) || first?.metadata.name !== migration.metadata.name ? 'wait' : 'start';
  }
  return (migration.status?.resourceVersion ?? '') === '' ? 'checkpoint' : 'migrate';
}

function byAge({ metadata: a }: Migration, { metadata: b }: Migration): number {
  return (Date.parse(a.creationTimestamp ?? '') || 0) - (Date.parse(b.creationTimestamp ?? '') || 0) || compareStrings(a.name ?? '', b.name ?? '');
}

/** What is said of a migration. */
export const told = {
  running: { type: 'Running', reason: 'MigrationRunning', message: 'The migration is running' },
  succeeded: { type: 'Succeeded', reason: 'StorageVersionMigrationSucceeded', message: '' },
  failed: (why: string) => ({ type: 'Failed', reason: 'StorageVersionMigrationFailed', message: `migration encountered unhandled error: ${why}` }),
} as const;

/** The migration with something said of it; `now` is the time as the API writes it. */
export function withTold(migration: Migration, what: Pick<metav1.Condition, 'message' | 'reason' | 'type'>, now: string): Migration {
  const { status } = migration;
  return { ...migration, status: { ...status, conditions: withCondition(status?.conditions, { ...what, status: 'True', lastTransitionTime: now }) } };
}

/** The migration without what was said of its being on its way; undefined if nothing was. */
export function withoutRunning(migration: Migration): Migration | undefined {
  const { status } = migration;
  if (status?.conditions?.some(({ type }) => type === 'Running') !== true) return undefined;
  return { ...migration, status: { ...status, conditions: status.conditions.filter(({ type }) => type !== 'Running') } };
}

/** Whether an object was last written no later than at a version: what was written since is in the present form already. Versions are decimal numbers. */
export function isToBeWritten({ resourceVersion = '' }: metav1.ObjectMeta, checkpoint: string): boolean {
  return BigInt(resourceVersion) <= BigInt(checkpoint);
}
