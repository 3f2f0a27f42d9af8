import { core, discovery, type corev1, type discoveryv1 } from '@navarch/api';
import fc from 'fast-check';
import { endpointsController } from '../controllers/endpoints/controller';
import { endpointSliceController } from '../controllers/endpointslice/controller';
import { endpointSliceMirroringController } from '../controllers/endpointslice-mirroring/controller';
import { serviceBalancerController } from '../controllers/service-lb/controller';
import { LB_FINALIZER } from '../controllers/service-lb/sync';
import { faults, Leaders } from '../testing/leaders';

const RUNS = { numRuns: 12 };
const addressesOf = ({ status }: corev1.Service): string[] => (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? '');

describe('whatever befalls the leader, of Services', () => {
  it('no two load balancers have one address, and each gets one as long as there are enough', async () => {
    const turns = fc.array(fc.constantFrom('close', 'create', 'delete', 'open'), { minLength: 14, maxLength: 14 });
    await fc.assert(fc.asyncProperty(faults, turns, async (befalls, changes) => {
      const leaders = new Leaders([serviceBalancerController], { loadBalancerCidr: '172.30.1.128/29' });
      const { world } = leaders;
      const wrong: string[] = [];
      world.api.onEvent(({ resource }) => {
        if (resource !== '/services') return;
        const given = world.all(core.services).flatMap(addressesOf);
        if (new Set(given).size < given.length) wrong.push(given.join());
        for (const service of world.all(core.services)) if (addressesOf(service).length > 0 && service.metadata.finalizers?.includes(LB_FINALIZER) !== true) wrong.push(`nobody frees ${addressesOf(service).join()}`);
      });
      const type = (name: string | undefined, value: string): void => {
        if (name !== undefined) world.change(core.services, name, ({ spec }) => (spec!.type = value));
      };
      const create = (name: string): void => void world.create(core.services, { metadata: { name, namespace: 'default' }, spec: { type: 'LoadBalancer', ipFamilies: ['IPv4'], ports: [{ port: 80 }] } });
      for (const name of ['a', 'b']) create(name);
      await leaders.start();
      for (const [turn, fault] of befalls.entries()) {
        const name = world.all(core.services).find(({ metadata }) => metadata.deletionTimestamp === undefined)?.metadata.name;
        if (changes[turn] === 'create' && world.all(core.services).length < 6) create(`s${turn}`);
        if (changes[turn] === 'delete' && name !== undefined) world.api.delete(core.services, 'default', name);
        if (changes[turn] === 'close') type(name, 'ClusterIP');
        if (changes[turn] === 'open') type(name, 'LoadBalancer');
        await leaders.befall(fault);
      }
      await leaders.recover();
      expect(wrong).toEqual([]);
      for (const service of leaders.world.all(core.services)) {
        expect([service.metadata.deletionTimestamp, addressesOf(service).length, service.metadata.finalizers ?? []]).toEqual(service.spec?.type === 'LoadBalancer' ? [undefined, 1, [LB_FINALIZER]] : [undefined, 0, []]);
      }
      await leaders.world.stop();
    }), RUNS);
  }, 60_000);

  it('Endpoints and slices end with the pods that are ready, and mirrors with what was written by hand', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([endpointsController, endpointSliceController, endpointSliceMirroringController]);
      const { world } = leaders;
      const pod = (name: string, app: string): void => void world.create(core.pods, { metadata: { name, namespace: 'default', labels: { app } }, spec: { containers: [] } });
      world.create(core.services, { metadata: { name: 'web', namespace: 'default' }, spec: { selector: { app: 'web' }, clusterIP: '10.96.0.1', ipFamilies: ['IPv4'], ports: [{ port: 80 }] } });
      world.create(core.services, { metadata: { name: 'hand', namespace: 'default' }, spec: { clusterIP: '10.96.0.2', ipFamilies: ['IPv4'], ports: [{ port: 80 }] } });
      const byHand = (ip: string): corev1.Endpoints => ({ metadata: { name: 'hand', namespace: 'default' }, subsets: [{ addresses: [{ ip }], ports: [{ port: 80 }] }] });
      world.create(core.endpoints, byHand('192.0.2.1'));
      world.create(core.nodes, { metadata: { name: 'node-1' } });
      for (const name of ['a', 'b']) pod(name, 'web');
      await leaders.start();
      for (const [turn, fault] of befalls.entries()) {
        await leaders.befall(fault);
        if (turn === 0) pod('c', 'web');
        if (turn === 1) world.api.delete(core.pods, 'default', 'a', { gracePeriodSeconds: 0 });
        if (turn === 2) world.change(core.pods, 'b', ({ metadata }) => (metadata.labels = { app: 'other' }));
        if (turn === 2) world.change(core.endpoints, 'hand', (endpoints) => (endpoints.subsets = byHand('192.0.2.2').subsets!));
        if (turn === 3) pod('a', 'web');
      }
      await leaders.recover();
      const ready = leaders.world.all(core.pods).filter(({ metadata }) => metadata.labels?.['app'] === 'web').map(({ status }) => status?.podIP).sort();
      const slices = (service: string): discoveryv1.EndpointSlice[] => leaders.world.all(discovery.endpointslices).filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service);
      const shown = (service: string): string[] => slices(service).flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses)).sort();
      expect(leaders.world.get(core.endpoints, 'web').subsets?.flatMap(({ addresses }) => (addresses ?? []).map(({ ip }) => ip)).sort()).toEqual(ready);
      expect(shown('web')).toEqual(ready);
      expect(shown('hand')).toEqual(['192.0.2.2']);
      await leaders.world.stop();
    }), RUNS);
  }, 60_000);
});
