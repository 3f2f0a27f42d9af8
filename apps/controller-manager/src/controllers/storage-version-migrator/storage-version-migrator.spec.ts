import { apiextensions, apps, core, storagemigration, type apiextensionsv1, type corev1, type metav1, type storagemigrationv1beta1 } from '@navarch/api';
import { forbidden, serviceUnavailable } from '@navarch/apimachinery';
import { ControllerWorld } from '../../testing/controller-world';
import { storageVersionMigrator } from './controller';
import { migratedDefinition, migratingDefinition } from './definition-state';
import { isToBeWritten, planMigration, type MigrationPlan } from './sync';

type Migration = storagemigrationv1beta1.StorageVersionMigration;

const condition = (type: string): metav1.Condition => ({ type, status: 'True', reason: 'r', message: '', lastTransitionTime: 'then' });
const migration = (name: string, types: readonly string[] = [], resourceVersion = '', resource = 'deployments', second = 0): Migration => ({
  metadata: { name, creationTimestamp: `2026-01-01T00:00:0${second}Z` }, spec: { resource: { group: 'apps', resource } }, status: { conditions: types.map(condition), resourceVersion },
});

describe('a migration of stored objects', () => {
  it.each<{ reason: string; of: Migration; others?: Migration[]; expected: MigrationPlan }>([
    { reason: 'starts', of: migration('a'), expected: 'start' },
    { reason: 'waits for an older one', of: migration('a', [], '', 'deployments', 1), others: [migration('b')], expected: 'wait' },
    { reason: 'of two that are as old waits for the one whose name is first', of: migration('b'), others: [migration('a')], expected: 'wait' },
    { reason: 'waits for one that runs', of: migration('a'), others: [migration('b', ['Running'], '', 'deployments', 1)], expected: 'wait' },
    { reason: 'does not wait for another resource', of: migration('b'), others: [migration('a', ['Running'], '', 'daemonsets')], expected: 'start' },
    { reason: 'does not wait for one that has ended', of: migration('b'), others: [migration('a', ['Succeeded'])], expected: 'start' },
    { reason: 'that runs notes up to where', of: migration('a', ['Running']), expected: 'checkpoint' },
    { reason: 'that knows up to where writes', of: migration('a', ['Running'], '7'), expected: 'migrate' },
    { reason: 'that has ended is finished', of: migration('a', ['Running', 'Failed'], '7'), expected: 'finish' },
  ])('$reason', ({ of, others = [], expected }) => expect(planMigration(of, [of, ...others])).toBe(expected));

  it('leaves alone what was written after it began', () => {
    expect(['9', '10', '11'].map((resourceVersion) => isToBeWritten({ resourceVersion }, '10'))).toEqual([true, true, false]);
  });
});

describe('the definition of a custom resource', () => {
  const definition = (generation: number, status: apiextensionsv1.CustomResourceDefinitionStatus = {}): apiextensionsv1.CustomResourceDefinition => ({
    metadata: { name: 'ships.example.com', generation }, status,
    spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'ships', kind: 'Ship' }, versions: [{ name: 'v1', served: true, storage: false }, { name: 'v2', served: true, storage: true }] },
  });
  const running = migratingDefinition(definition(3, { storedVersions: ['v1', 'v2'] }), 'm', 'now');

  it('says that its objects are being written', () =>
    expect(running.status?.conditions).toEqual([
      {
        type: 'StorageMigrating',
        status: 'True',
        reason: 'MigrationRunning',
        message: 'Migration m is running',
        lastTransitionTime: 'now',
        observedGeneration: 3,
      },
    ]));

  it.each([
    { reason: 'has one stored version then', given: running, succeeded: true, storedVersions: ['v2'], told: ['False', 'MigrationSucceeded', 'The migration has succeeded and the stored versions have been updated'] },
    { reason: 'keeps its stored versions if it was changed meanwhile', given: { ...running, metadata: { ...running.metadata, generation: 4 } }, succeeded: true, storedVersions: ['v1', 'v2'], told: ['False', 'MigrationSucceeded', 'The migration has succeeded but the stored versions have not been updated due to a generation mismatch'] },
    { reason: 'keeps its stored versions if they could not be written', given: running, succeeded: false, storedVersions: ['v1', 'v2'], told: ['True', 'MigrationFailed', 'The migration has failed'] },
  ])('$reason', ({ given, succeeded, storedVersions, told: [status, reason, message] }) => {
    const after = migratedDefinition(given, succeeded, 'later');
    expect(after.status?.storedVersions).toEqual(storedVersions);
    expect(after.status?.conditions).toMatchObject([{ status, reason, message }]);
  });
});

describe('stored objects', () => {
  let world: ControllerWorld;
  beforeEach(() => (world = new ControllerWorld()));
  afterEach(() => world.stop());
  const ask = (name: string, group = '', resource = 'configmaps'): void => void world.create(storagemigration.storageversionmigrations, { metadata: { name }, spec: { resource: { group, resource } } });
  const conditions = (name: string): string[] => (world.get(storagemigration.storageversionmigrations, name).status?.conditions ?? []).map(({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`);
  const settings = (name: string): corev1.ConfigMap => ({ metadata: { name, namespace: 'default' }, data: { a: 'b' } });
  const rewritten = (): (string | undefined)[] =>
    world.transport.writes.flatMap(({ operation }) =>
      operation?.$case === 'patch' && operation.value.options?.fieldManager === 'storage-version-migrator-controller' ? [operation.value.key?.name] : [],
    );
  const SUCCEEDED = 'Succeeded True StorageVersionMigrationSucceeded: ';

  it('are written again, one migration after the other', async () => {
    world.create(core.configmaps, settings('a'));
    world.create(core.configmaps, settings('b'));
    ask('first');
    ask('second');
    await world.run(storageVersionMigrator);
    await world.settle();
    expect(conditions('first')).toEqual([SUCCEEDED]);
    expect(conditions('second')).toEqual([SUCCEEDED]);
    expect(rewritten().sort()).toEqual(['a', 'a', 'b', 'b']);
    expect(world.get(core.configmaps, 'a').data).toEqual({ a: 'b' });
  });

  it('that somebody else wrote meanwhile are left alone', async () => {
    world.create(core.configmaps, settings('a'));
    world.transport.beforeWrite = ({ operation }) => {
      if (operation?.$case !== 'patch') return;
      world.transport.beforeWrite = undefined;
      world.change(core.configmaps, 'a', (object) => (object.data = { a: 'c' }));
    };
    ask('m');
    await world.run(storageVersionMigrator);
    await world.settle();
    expect(conditions('m')).toEqual([SUCCEEDED]);
    expect(world.get(core.configmaps, 'a').data).toEqual({ a: 'c' });
  });

  it('are tried again after what passes, and given up after what lasts', async () => {
    world.create(core.configmaps, settings('a'));
    const failures = [serviceUnavailable('busy'), forbidden({ group: '', resource: 'configmaps' }, 'a', 'no')];
    world.transport.beforeWrite = ({ operation }) => {
      const failure = operation?.$case === 'patch' ? failures.shift() : undefined;
      if (failure !== undefined) throw failure;
    };
    ask('m');
    await world.run(storageVersionMigrator);
    await world.clock.advance(1_000);
    await world.settle();
    expect(failures).toEqual([]);
    expect(conditions('m')).toEqual(['Failed True StorageVersionMigrationFailed: migration encountered unhandled error: configmaps "a" is forbidden: no']);
  });

  it('of a resource that nobody knows are waited for', async () => {
    ask('m', 'example.com', 'ships');
    await world.run(storageVersionMigrator);
    await world.clock.advance(55_000);
    await world.settle();
    expect(conditions('m')).toEqual(['Running True MigrationRunning: The migration is running']);
    await world.clock.advance(10_000);
    await world.settle();
    expect(conditions('m')).toEqual(['Failed True StorageVersionMigrationFailed: migration encountered unhandled error: unable to obtain GVR from discovery']);
  });

  it('of a custom resource are stored in one version then', async () => {
    world.create(apiextensions.customresourcedefinitions, {
      metadata: { name: 'ships.example.com' },
      spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'ships', kind: 'Ship' }, versions: [{ name: 'v1', served: true, storage: false }, { name: 'v2', served: true, storage: true }] },
      status: { storedVersions: ['v1', 'v2'], conditions: [{ type: 'Established', status: 'True' }] },
    });
    world.create({ ...apps.deployments, group: 'example.com', resource: 'ships' }, { metadata: { name: 'gorch', namespace: 'default' } });
    ask('m', 'example.com', 'ships');
    await world.run(storageVersionMigrator);
    await world.settle();
    expect(conditions('m')).toEqual([SUCCEEDED]);
    expect(rewritten()).toEqual(['gorch']);
    expect(world.get(apiextensions.customresourcedefinitions, 'ships.example.com').status?.storedVersions).toEqual(['v2']);
  });
});
