import { flowcontrol, type flowcontrolv1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { memoryRegistry, type MemoryRegistry } from '../testing/memory-registry';
import { RegistryReader } from '../registry/object-reader';
import { RegistryWriter } from '../registry/object-writer';
import { FlowControlUpkeep } from './flow-control-upkeep';
import { AUTO_UPDATE } from './suggested-objects';

const { flowschemas: schemas, prioritylevelconfigurations: levels } = flowcontrol;

describe('flow-control objects', () => {
  let registry: MemoryRegistry;
  let reader: RegistryReader;
  let writer: RegistryWriter;
  let upkeep: FlowControlUpkeep;

  beforeEach(async () => {
    registry = await memoryRegistry();
    reader = new RegistryReader(registry.registry);
    writer = new RegistryWriter(registry.registry);
    upkeep = new FlowControlUpkeep({ reader, writer, clock: new FakeClock(0), log: silentLogger });
    await upkeep.ensure();
  });
  afterEach(() => registry.stop());

  const level = (name: string): flowcontrolv1.PriorityLevelConfiguration => {
    const found = reader.get(levels, '', name);
    if (!found) throw new Error(`no level ${name}`);
    return structuredClone(found);
  };
  const shares = (name: string): number | undefined => level(name).spec?.limited?.nominalConcurrencyShares;
  const withShares = (name: string, count: number, autoUpdate?: string): Promise<unknown> => {
    const object = level(name);
    if (object.spec?.limited) object.spec.limited.nominalConcurrencyShares = count;
    if (autoUpdate !== undefined) object.metadata.annotations = { [AUTO_UPDATE]: autoUpdate };
    return writer.update(levels, object);
  };

  it('are made, and left alone as long as they are right', async () => {
    expect(reader.list(levels).map(({ metadata }) => metadata.name).sort()).toEqual(['catch-all', 'exempt', 'global-default', 'leader-election', 'node-high', 'system', 'workload-high', 'workload-low']);
    const before = reader.list(schemas).map(({ metadata }) => metadata.resourceVersion);
    await upkeep.ensure();
    expect(reader.list(schemas).map(({ metadata }) => metadata.resourceVersion)).toEqual(before);
  });

  it('come back when they are deleted', async () => {
    await writer.delete(schemas, '', 'catch-all');
    await writer.delete(levels, '', 'workload-low');
    await upkeep.ensure();
    expect(reader.get(schemas, '', 'catch-all')).toBeDefined();
    expect(shares('workload-low')).toBe(100);
  });

  it('are brought back to what they should be, unless their annotation says that they are kept by hand', async () => {
    await withShares('workload-low', 7);
    await withShares('workload-high', 7, 'false');
    await withShares('catch-all', 5, 'false');
    await expect(withShares('catch-all', 7)).rejects.toThrow("spec of 'catch-all' must equal the fixed value");
    await upkeep.ensure();
    expect(['workload-low', 'workload-high', 'catch-all'].map(shares)).toEqual([100, 7, 5]);
    expect(level('catch-all').metadata.annotations?.[AUTO_UPDATE]).toBe('true');
  });

  it('let administrators say how many seats those take whom nothing limits', async () => {
    const exempt = level('exempt');
    if (exempt.spec) exempt.spec.exempt = { nominalConcurrencyShares: 3, lendablePercent: 50 };
    await writer.update(levels, exempt);
    await upkeep.ensure();
    expect(level('exempt').spec?.exempt).toEqual({ nominalConcurrencyShares: 3, lendablePercent: 50 });
  });

  it('are taken back when they are no longer suggested; those of users stay', async () => {
    const mine = (name: string, annotations: Record<string, string>): flowcontrolv1.PriorityLevelConfiguration => ({
      metadata: { name, annotations },
      spec: { type: 'Limited', limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } } },
    });
    await writer.create(levels, mine('old', { [AUTO_UPDATE]: 'true' }));
    await writer.create(levels, mine('mine', {}));
    await upkeep.ensure();
    expect(reader.get(levels, '', 'old')).toBeUndefined();
    expect(reader.get(levels, '', 'mine')).toBeDefined();
  });

  it('say whether the level of a schema exists', async () => {
    const dangling = (name: string) => reader.get(schemas, '', name)?.status?.conditions?.find(({ type }) => type === 'Dangling');
    await writer.create(schemas, { metadata: { name: 'lost' }, spec: { priorityLevelConfiguration: { name: 'none' }, matchingPrecedence: 50 } });
    await upkeep.tellDangling();
    expect(dangling('catch-all')).toMatchObject({ status: 'False', reason: 'Found', message: 'This FlowSchema references the PriorityLevelConfiguration object named "catch-all" and it exists' });
    expect(dangling('lost')).toMatchObject({ status: 'True', reason: 'NotFound', message: 'This FlowSchema references the PriorityLevelConfiguration object named "none" but there is no such object' });
    await writer.create(levels, { metadata: { name: 'none' }, spec: { type: 'Limited', limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } } } });
    await upkeep.tellDangling();
    expect(dangling('lost')).toMatchObject({ status: 'False', reason: 'Found' });
  });
});
