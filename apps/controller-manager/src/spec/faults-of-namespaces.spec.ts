import { apps, core, type corev1, type KubeObject, type ResourceType } from '@navarch/api';
import fc from 'fast-check';
import { namespaceController } from '../controllers/namespace/controller';
import { resourceQuotaController } from '../controllers/resourcequota/controller';
import { rootCaController } from '../controllers/root-ca/controller';
import { serviceAccountController } from '../controllers/serviceaccount/controller';
import { faults, Leaders } from '../testing/leaders';

const RUNS = { numRuns: 12 };

describe('whatever befalls the leader, of namespaces', () => {
  it('one that is deleted goes when it is empty and not before, pods first; others keep what they have', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([namespaceController]);
      const { world } = leaders;
      const content = (namespace: string): number[] => [core.pods, core.secrets, core.configmaps, apps.deployments].map((type) => world.all<KubeObject>(type as ResourceType<KubeObject>, namespace).length);
      for (const namespace of ['other', 'shop']) {
        world.create(core.namespaces, { metadata: { name: namespace }, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });
        world.create(core.pods, { metadata: { name: 'web', namespace }, spec: { containers: [], nodeName: 'n1' } });
        world.create(core.secrets, { metadata: { name: 'password', namespace } });
        world.create(core.configmaps, { metadata: { name: 'held', namespace, finalizers: ['example.com/keep'] } });
        world.create(apps.deployments, { metadata: { name: 'web', namespace } });
      }
      const wrong: string[] = [];
      world.api.onEvent(({ resource, type, namespace, name }) => {
        const [pods = 0, ...others] = content('shop');
        if (pods > 0 && others.some((count) => count < 1)) wrong.push('something went before the pods');
        if (resource === '/namespaces' && world.api.find(core.namespaces, '', 'shop') === undefined && pods + others.reduce((a, b) => a + b, 0) > 0) wrong.push('it was gone before its content');
        if (namespace === 'other' || name === 'other') wrong.push(`${resource} ${namespace}/${name}: ${type}`);
      });
      await leaders.start();
      world.api.delete(core.namespaces, '', 'shop');
      for (const fault of befalls) {
        await leaders.befall(fault === 'kubelets' ? 'time' : fault);
        if (fault === 'kubelets') for (const pod of world.all(core.pods, 'shop')) if (pod.metadata.deletionTimestamp !== undefined) world.api.delete(core.pods, 'shop', 'web', { gracePeriodSeconds: 0 });
      }
      // A clock that was set back is not waited for; the one pod left is the other namespace's.
      world.clock.jump(20 * 3_600_000);
      const end = async (): Promise<void> => {
        leaders.world.transport.beforeWrite = undefined;
        leaders.world.transport.afterWrite = undefined;
        leaders.world.transport.resume();
        await leaders.world.clock.advance(120_000);
        await leaders.world.settle();
      };
      await end();
      if (world.all(core.pods, 'shop').length > 0) world.api.delete(core.pods, 'shop', 'web', { gracePeriodSeconds: 0 });
      await end();
      // What somebody else holds, it waits for.
      expect(content('shop')).toEqual([0, 0, 1, 0]);
      world.api.update(core.configmaps, 'shop', 'held', '', { ...world.get(core.configmaps, 'held', 'shop'), metadata: { name: 'held', namespace: 'shop', finalizers: [] } });
      await end();
      expect(world.api.find(core.namespaces, '', 'shop')).toBeUndefined();
      expect(wrong).toEqual([]);
      expect(content('other')).toEqual([1, 1, 1, 1]);
      await leaders.world.stop();
    }), RUNS);
  }, 60_000);

  it('a quota ends with what there is, and says its own limits', async () => {
    const change = fc.constantFrom('config', 'end', 'go', 'limit', 'pod');
    await fc.assert(fc.asyncProperty(faults, fc.array(change, { minLength: 14, maxLength: 14 }), async (befalls, changes) => {
      const leaders = new Leaders([resourceQuotaController]);
      const { world } = leaders;
      const pod = (name: string): corev1.Pod => ({ metadata: { name, namespace: 'default' }, spec: { nodeName: 'n1', containers: [{ name: 'c', resources: { requests: { cpu: '250m' } } }] }, status: { phase: 'Running' } });
      const isOver = ({ status }: corev1.Pod): boolean => status?.phase === 'Succeeded';
      let hard: Record<string, string> = { 'pods': '5', 'requests.cpu': '10', 'configmaps': '3' };
      world.create(core.resourcequotas, { metadata: { name: 'q', namespace: 'default' }, spec: { hard } });
      world.create(core.pods, pod('first'));
      world.create(core.pods, { ...pod('elsewhere'), metadata: { name: 'elsewhere', namespace: 'other' } });
      await leaders.start();
      for (const [turn, fault] of befalls.entries()) {
        await leaders.befall(fault === 'kubelets' ? 'time' : fault);
        const [any] = world.all(core.pods, 'default').filter((one) => !isOver(one));
        switch (changes[turn]) {
          case 'pod':
            world.create(core.pods, pod(`p${turn}`));
            break;
          case 'config':
            world.create(core.configmaps, { metadata: { name: `c${turn}`, namespace: 'default' } });
            break;
          case 'end':
            if (any !== undefined) world.change(core.pods, any.metadata.name ?? '', (one) => (one.status = { phase: 'Succeeded' }), 'status');
            break;
          case 'go':
            if (any !== undefined) world.api.delete(core.pods, 'default', any.metadata.name ?? '', { gracePeriodSeconds: 0 });
            break;
          default:
            hard = { ...hard, pods: String(turn) };
            world.change(core.resourcequotas, 'q', (quota) => (quota.spec = { hard }));
        }
      }
      // What is made is charged when it is admitted; here it is found by counting all again.
      for (let turn = 0; turn < 2; turn++) await leaders.recover();
      const charged = leaders.world.all(core.pods, 'default').filter((one) => !isOver(one)).length;
      const milli = charged * 250;
      expect(leaders.world.get(core.resourcequotas, 'q').status).toEqual({
        hard, used: { 'configmaps': String(leaders.world.all(core.configmaps, 'default').length), 'pods': String(charged), 'requests.cpu': milli % 1000 === 0 ? String(milli / 1000) : `${milli}m` },
      });
      await leaders.world.stop();
    }), RUNS);
  }, 60_000);

  it('each has its default account and the CA, in its own words', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([serviceAccountController, rootCaController]);
      const { world } = leaders;
      const create = (name: string): void => void world.create(core.namespaces, { metadata: { name }, status: { phase: 'Active' } });
      const remove = (type: typeof core.configmaps | typeof core.serviceaccounts, name: string): void => {
        if (world.api.find<corev1.ConfigMap>(type, 'shop', name) !== undefined) world.api.delete(type, 'shop', name);
      };
      create('shop');
      await leaders.start();
      for (const [turn, fault] of befalls.entries()) {
        await leaders.befall(fault);
        if (turn === 1) remove(core.serviceaccounts, 'default');
        if (turn === 2) remove(core.configmaps, 'kube-root-ca.crt');
        if (turn === 3 && world.api.find(core.configmaps, 'shop', 'kube-root-ca.crt') !== undefined) {
          world.api.update(core.configmaps, 'shop', 'kube-root-ca.crt', '', {
            ...world.get(core.configmaps, 'kube-root-ca.crt', 'shop'),
            data: { 'ca.crt': 'forged' },
          } as corev1.ConfigMap);
        }
        if (turn === 3) create('late');
      }
      await leaders.recover();
      const all = leaders.world.all(core.namespaces).map(({ metadata }) => metadata.name ?? '');
      expect(leaders.world.all(core.serviceaccounts).map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`)).toEqual(all.map((name) => `${name}/default`));
      expect(leaders.world.all(core.configmaps).map(({ metadata, data }) => [metadata.namespace, data?.['ca.crt']?.includes('ControllerWorld')])).toEqual(all.map((name) => [name, true]));
      await leaders.world.stop();
    }), RUNS);
  }, 60_000);
});
