import { core, networking, type corev1, type networkingv1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { RegistryReader } from '../registry/object-reader';
import { RegistryWriter } from '../registry/object-writer';
import { memoryRegistry, type MemoryRegistry } from '../testing/memory-registry';
import { AddressRepair } from './address-repair';
import { parsePortRange } from './choose';
import { parseServiceRanges } from './ip-range';
import { ServiceCompanions } from './service-companions';
import { serviceRanges } from './service-ranges';

describe('addresses of Services', () => {
  let registry: MemoryRegistry;
  let reader: RegistryReader;
  let writer: RegistryWriter;
  let clock: FakeClock;
  let repair: AddressRepair;

  beforeEach(async () => {
    clock = new FakeClock(Date.parse('2026-01-01T00:00:00Z'));
    registry = await memoryRegistry(clock);
    reader = new RegistryReader(registry.registry);
    writer = new RegistryWriter(registry.registry);
    const addresses = serviceRanges(parseServiceRanges('10.96.0.0/28'), reader);
    const [services, ipAddresses] = [registry.registry.store('', 'services')!, registry.registry.store('networking.k8s.io', 'ipaddresses')!];
    services.companions = new ServiceCompanions({ addresses, nodePorts: parsePortRange('30000-30004') }, { ipAddresses, cache: registry.cache, clock });
    repair = new AddressRepair({ reader, writer, isInRange: (address) => addresses.has(address), clock, log: silentLogger });
  });
  afterEach(async () => {
    await repair.stop();
    await registry.stop();
  });

  const service = (name: string, clusterIP?: string): Promise<corev1.Service> =>
    writer.create<corev1.Service>(core.services, { metadata: { name, namespace: 'default' }, spec: { ports: [{ port: 80 }], ...(clusterIP === undefined ? {} : { clusterIP }) } });
  const range = (name: string, ready: boolean): Promise<unknown> =>
    writer.create<networkingv1.ServiceCIDR>(networking.servicecidrs, { metadata: { name }, spec: { cidrs: ['10.200.0.0/28'] } }).then((object) =>
      writer.update(networking.servicecidrs, { ...object, status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', reason: 'x', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }] } }, 'status'));
  const events = (): string[] => reader.list(core.events).map(({ involvedObject, reason = '', message = '' }) => `${involvedObject.kind ?? ''} ${involvedObject.name ?? ''} ${reason}: ${message}`);

  /** Lets it work, and its events be written. */
  async function settled(check: () => boolean): Promise<void> {
    for (let turn = 0; turn < 1000 && !check(); turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(check()).toBe(true);
  }

  it('are held again when somebody let go of them', async () => {
    const { spec } = await service('web');
    const address = spec?.clusterIP ?? '';
    await repair.start();
    await writer.delete(networking.ipaddresses, '', address);
    await settled(() => reader.get(networking.ipaddresses, '', address) !== undefined && events().length > 0);
    expect(reader.get(networking.ipaddresses, '', address)).toMatchObject({
      metadata: { labels: { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io', 'ipaddress.kubernetes.io/ip-family': 'IPv4' } },
      spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } },
    });
    expect(events()).toEqual([`Service web ClusterIPNotAllocated: Cluster IP [IPv4]: ${address} is not allocated; repairing`]);
  });

  it('that leaked are free again after a minute', async () => {
    await writer.create<networkingv1.IPAddress>(networking.ipaddresses, {
      metadata: { name: '10.96.0.9', labels: { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io', 'ipaddress.kubernetes.io/ip-family': 'IPv4' } }, spec: { parentRef: { resource: 'services', namespace: 'default', name: 'gone' } },
    });
    await repair.start();
    await clock.advance(59_000);
    expect(reader.list(networking.ipaddresses)).toHaveLength(1);
    await clock.advance(2_000);
    await settled(() => reader.list(networking.ipaddresses).length === 0 && events().length > 0);
    expect(events()).toEqual(['IPAddress 10.96.0.9 IPAddressNotAllocated: IPAddress: 10.96.0.9 for Service default/gone appears to have leaked: cleaning up']);
    expect((await service('next', '10.96.0.9')).spec?.clusterIP).toBe('10.96.0.9');
  });

  it('come from ranges that are ready too', async () => {
    await expect(service('early', '10.200.0.5')).rejects.toThrow('failed to allocate IP 10.200.0.5: the provided network does not match the current range');
    await range('closed', false);
    await expect(service('early', '10.200.0.5')).rejects.toThrow('does not match the current range');
    await range('more', true);
    expect((await service('late', '10.200.0.5')).spec?.clusterIPs).toEqual(['10.200.0.5']);
  });
});
