import type { apiextensionsv1 } from '@navarch/api';

type Definition = apiextensionsv1.CustomResourceDefinition;
type Condition = apiextensionsv1.CustomResourceDefinitionCondition;

const MIGRATING = 'StorageMigrating';

function withCondition(definition: Definition, next: Omit<Condition, 'type'>): Definition {
  const conditions = definition.status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === MIGRATING);
  const condition: Condition = { type: MIGRATING, ...next, observedGeneration: definition.metadata.generation ?? 0 };
  if (before?.status === condition.status && before.lastTransitionTime !== undefined) condition.lastTransitionTime = before.lastTransitionTime;
  const placed = before === undefined ? [...conditions, condition] : conditions.map((one) => (one === before ? condition : one));
  return { ...definition, status: { ...definition.status, conditions: placed } };
}

/** The definition of a resource whose objects are being written again. */
export function migratingDefinition(definition: Definition, migration: string, now: string): Definition {
  return withCondition(definition, { status: 'True', reason: 'MigrationRunning', message: `Migration ${migration} is running`, lastTransitionTime: now });
}

/**
 * The definition after a migration. Only the present version is stored any more, if the definition is what it was when the migration began.
 * Mirrors finishCRDMigration of upstream's storageversionmigrator.
 */
export function migratedDefinition(definition: Definition, hasSucceeded: boolean, now: string): Definition {
  const before = definition.status?.conditions?.find(({ type }) => type === MIGRATING);
  const isSame = before !== undefined && before.observedGeneration === definition.metadata.generation;
  const message = `The migration has succeeded ${isSame ? 'and the stored versions have been updated' : 'but the stored versions have not been updated due to a generation mismatch'}`;
  const said = hasSucceeded
    ? withCondition(definition, { status: 'False', reason: 'MigrationSucceeded', message, lastTransitionTime: now })
    : withCondition(definition, { status: 'True', reason: 'MigrationFailed', message: 'The migration has failed', lastTransitionTime: now });
  const stored = definition.spec.versions.find(({ storage }) => storage)?.name;
  // Of what failed to be written again, upstream forgets the versions as well; here they stay: objects may be stored in them.
  return isSame && hasSucceeded && stored !== undefined ? { ...said, status: { ...said.status, storedVersions: [stored] } } : said;
}
