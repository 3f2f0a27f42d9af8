import { core, discovery, type corev1, type discoveryv1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { endpointSliceMirroringController } from './controller';
import { planMirror, shouldMirror } from './sync';

const service = (selector?: Record<string, string>): corev1.Service => ({ metadata: { name: 'db', namespace: 'default' }, spec: { ports: [{ port: 5432 }], ...(selector === undefined ? {} : { selector }) } });
const endpoints = (subsets: corev1.EndpointSubset[], metadata: Partial<corev1.Endpoints['metadata']> = {}): corev1.Endpoints => ({ metadata: { name: 'db', namespace: 'default', uid: 'e1', ...metadata }, subsets });
const subset = (...ips: string[]): corev1.EndpointSubset => ({ addresses: ips.map((ip) => ({ ip })), ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] });

describe('Endpoints', () => {
  it.each<{ reason: string; of: corev1.Endpoints | undefined; for: corev1.Service | undefined; mirrored: boolean }>([
    { reason: 'of a Service that selects nothing are mirrored', of: endpoints([]), for: service(), mirrored: true },
    { reason: 'of a Service that selects are not', of: endpoints([]), for: service({ app: 'db' }), mirrored: false },
    { reason: 'of a Service whose selector is empty are', of: endpoints([]), for: service({}), mirrored: true },
    { reason: 'of no Service are not', of: endpoints([]), for: undefined, mirrored: false },
    { reason: 'that say so are not', of: endpoints([], { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }), for: service(), mirrored: false },
    { reason: 'of a leader election are not', of: endpoints([], { annotations: { 'control-plane.alpha.kubernetes.io/leader': 'x' } }), for: service(), mirrored: false },
  ])('$reason', ({ of, for: to, mirrored }) => expect(shouldMirror(of, to)).toBe(mirrored));

  it('become one slice for each family and set of ports', () => {
    const { create, skipped } = planMirror(endpoints([{ ...subset('192.0.2.1', '2001:db8::1'), notReadyAddresses: [{ ip: '192.0.2.2', hostname: 'b', nodeName: 'n1' }] }], { labels: { app: 'db' } }), [], 1000);
    expect(skipped).toBe(0);
    expect(create).toEqual([
      expect.objectContaining({
        metadata: { generateName: 'db-', namespace: 'default', labels: { app: 'db', 'kubernetes.io/service-name': 'db', 'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io' }, ownerReferences: [{ apiVersion: 'v1', kind: 'Endpoints', name: 'db', uid: 'e1', controller: true, blockOwnerDeletion: true }] },
        addressType: 'IPv4', ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
        endpoints: [{ addresses: ['192.0.2.1'], conditions: { ready: true } }, { addresses: ['192.0.2.2'], conditions: { ready: false }, hostname: 'b', nodeName: 'n1' }],
      }),
      expect.objectContaining({ addressType: 'IPv6', endpoints: [{ addresses: ['2001:db8::1'], conditions: { ready: true } }] }),
    ]);
  });

  it('show their annotations, except those about themselves', () => {
    const annotated = (annotations: Record<string, string>): corev1.Endpoints => endpoints([subset('192.0.2.1')], { annotations });
    const { create: [slice] } = planMirror(annotated({ 'team': 'db', 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'endpoints.kubernetes.io/last-change-trigger-time': 'x' }), [], 1000);
    expect(slice?.metadata.annotations).toEqual({ team: 'db' });
    expect(planMirror(annotated({ team: 'web' }), slice === undefined ? [] : [slice], 1000)).toMatchObject({ create: [], update: [{ metadata: { annotations: { team: 'web' } } }], remove: [] });
  });

  it('are cut where they are too many', () => {
    const { create, skipped } = planMirror(endpoints([subset('192.0.2.1', '192.0.2.2', '192.0.2.3')]), [], 2);
    expect(create[0]?.endpoints).toHaveLength(2);
    expect(skipped).toBe(1);
  });

  it.each([{ reason: 'without subsets', of: [] }, { reason: 'without addresses', of: [subset()] }])('$reason are no slice', ({ of }) => {
    const [old] = planMirror(endpoints([subset('192.0.2.1')]), [], 1000).create;
    expect(planMirror(endpoints(of), old === undefined ? [] : [old], 1000)).toMatchObject({ create: [], update: [], remove: [{ addressType: 'IPv4' }] });
  });

  it('are put together first: the same address has one endpoint for all its ports', () => {
    const { create } = planMirror(endpoints([subset('192.0.2.1'), { ...subset('192.0.2.1'), ports: [{ name: 'admin', port: 81 }] }]), [], 1000);
    expect(create.map(({ endpoints: shown, ports }) => [shown?.length, ports?.map(({ port }) => port)])).toEqual([[1, [81, 5432]]]);
  });

  it('that are no addresses are left out', () => {
    const { create, skipped, invalid } = planMirror(endpoints([subset('192.0.2.1', 'web', '192.0.2.2')]), [], 1);
    expect(create.map(({ endpoints: shown }) => shown?.map(({ addresses }) => addresses[0]))).toEqual([['192.0.2.1']]);
    expect([skipped, invalid]).toEqual([2, 1]);
  });

  it('on their way out are not mirrored anew', () => {
    expect(planMirror(endpoints([subset('192.0.2.1')], { deletionTimestamp: '2026-01-01T00:00:00Z' }), [], 1000)).toMatchObject({ create: [], update: [], remove: [] });
  });

  it('take over slices of Endpoints that were there before, and use those of other ports again', () => {
    const named = (slices: readonly discoveryv1.EndpointSlice[]): discoveryv1.EndpointSlice[] => slices.map((slice, index) => ({ ...slice, metadata: { ...slice.metadata, name: `db-${index}` } }));
    const old = named(planMirror(endpoints([subset('192.0.2.1')], { uid: 'e0' }), [], 1000).create);
    expect(planMirror(endpoints([subset('192.0.2.1')]), old, 1000)).toMatchObject({ create: [], update: [{ metadata: { name: 'db-0', ownerReferences: [{ uid: 'e1' }] } }], remove: [] });
    expect(planMirror(endpoints([{ ...subset('192.0.2.1'), ports: [{ port: 80 }] }]), old, 1000)).toMatchObject({ create: [], update: [{ metadata: { name: 'db-0' }, ports: [{ port: 80 }] }], remove: [] });
  });

  it('are followed, and no longer mirrored when the Service selects', async () => {
    const world = new ControllerWorld();
    const addresses = (): string[] => world.all<discoveryv1.EndpointSlice>(discovery.endpointslices).flatMap((slice) => (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses));
    world.create(core.services, service());
    world.create(core.endpoints, endpoints([subset('192.0.2.1')]));
    await world.run(endpointSliceMirroringController);
    expect(addresses()).toEqual(['192.0.2.1']);
    world.change(core.endpoints, 'db', (object) => (object.subsets = [subset('192.0.2.1', '192.0.2.9')]));
    await world.settle();
    expect(addresses()).toEqual(['192.0.2.1', '192.0.2.9']);
    expect(world.all(discovery.endpointslices)).toHaveLength(1);
    world.change(core.services, 'db', (object) => (object.spec = { ...object.spec, selector: { app: 'db' } }));
    await world.settle();
    expect(world.all(discovery.endpointslices)).toEqual([]);
    await world.stop();
  });
});
