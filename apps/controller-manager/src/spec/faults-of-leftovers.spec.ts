import { batch, core, rbac, resource as dra, type rbacv1, type resourcev1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import fc from 'fast-check';
import { tokenCleaner } from '../controllers/bootstrap-tokens/cleaner';
import { bootstrapSigner } from '../controllers/bootstrap-tokens/signer';
import { clusterRoleAggregationController } from '../controllers/clusterrole-aggregation/controller';
import { resourceClaimController } from '../controllers/resourceclaim/controller';
import { CLAIM_FINALIZER } from '../controllers/resourceclaim/sync';
import { ttlAfterFinishedController } from '../controllers/ttl-after-finished/controller';
import { faults, Leaders } from '../testing/leaders';

const RUNS = { numRuns: 12 };
const HOUR = 3_600_000;
/** Longer than all faults together can set the clock forth. */
const LONG = 15 * HOUR;

/** Nothing is broken any more, and a day and more goes by, whatever the wall clock says. */
async function untilDayIsOver(leaders: Leaders): Promise<void> {
  const { transport, clock } = leaders.world;
  transport.beforeWrite = undefined;
  transport.afterWrite = undefined;
  transport.resume();
  clock.jump(20 * HOUR);
  for (let hour = 0; hour < 32; hour++) await clock.advance(HOUR);
  await leaders.world.settle();
}

describe('whatever befalls the leader, of what is to go', () => {
  it('a Job stays for its time to live, one without for ever', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([ttlAfterFinishedController]);
      const { world } = leaders;
      const at = formatTime(world.clock.now());
      for (const name of ['brief', 'kept', 'running']) {
        world.create(batch.jobs, {
          metadata: { name, namespace: 'default' },
          spec: { ...(name === 'kept' ? {} : { ttlSecondsAfterFinished: LONG / 1000 }), template: {} },
          status: name === 'running' ? {} : { conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: at }] },
        });
      }
      const going = (): (string | undefined)[] => world.all(batch.jobs).filter(({ metadata }) => metadata.deletionTimestamp !== undefined).map(({ metadata }) => metadata.name);
      await leaders.start();
      for (const fault of befalls) {
        await leaders.befall(fault);
        expect(going()).toEqual([]);
      }
      await untilDayIsOver(leaders);
      expect(going()).toEqual(['brief']);
      await leaders.world.stop();
    }), RUNS);
  }, 60_000);

  it('a bootstrap token signs until its end, and goes then', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([bootstrapSigner, tokenCleaner]);
      const { world } = leaders;
      const token = (id: string, expiration?: string): void => {
        const fields = { 'token-id': id, 'token-secret': '0123456789abcdef', 'usage-bootstrap-signing': 'true', ...(expiration === undefined ? {} : { expiration }) };
        world.create(core.secrets, {
          metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
          type: 'bootstrap.kubernetes.io/token',
          data: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, Buffer.from(value).toString('base64')])),
        });
      };
      const ids = (): string[] => world.all(core.secrets).map(({ metadata }) => metadata.name?.slice(-6) ?? '');
      const signatures = (): string[] => Object.keys(world.get(core.configmaps, 'cluster-info', 'kube-public').data ?? {}).filter((name) => name.startsWith('jws-')).map((name) => name.slice(-6)).sort();
      world.create(core.configmaps, { metadata: { name: 'cluster-info', namespace: 'kube-public' }, data: { kubeconfig: 'x' } });
      token('always');
      token('awhile', formatTime(world.clock.now() + LONG));
      await leaders.start();
      for (const [turn, fault] of befalls.entries()) {
        await leaders.befall(fault);
        if (turn === 1) token('lateon');
        if (turn === 2) world.api.delete(core.secrets, 'kube-system', 'bootstrap-token-always');
        expect(ids()).toContain('awhile');
      }
      await untilDayIsOver(leaders);
      expect(ids()).toEqual(['lateon']);
      expect(signatures()).toEqual(['lateon']);
      await leaders.world.stop();
    }), RUNS);
  }, 60_000);

  it('devices stay with a pod that runs, are given back by one that is over, and each pod has one claim', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([resourceClaimController]);
      const { world } = leaders;
      world.create(dra.resourceclaimtemplates, { metadata: { name: 'gpu', namespace: 'default' }, spec: { spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu' } }] } } } });
      const pods = ['ends', 'runs'].map((name) =>
        world.create(core.pods, {
          metadata: { name, namespace: 'default' },
          spec: {
            nodeName: 'n1',
            containers: [],
            resourceClaims: [
              { name: 'card', resourceClaimTemplateName: 'gpu' },
              { name: 'common', resourceClaimName: 'shared' },
            ],
          },
          status: { phase: 'Running' },
        }),
      );
      // Those of users stay when nobody uses them any more.
      world.create<resourcev1.ResourceClaim>(dra.resourceclaims, {
        metadata: { name: 'shared', namespace: 'default', finalizers: [CLAIM_FINALIZER] },
        spec: {},
        status: {
          allocation: { devices: {} },
          reservedFor: pods.map(({ metadata }) => ({ resource: 'pods', name: metadata.name ?? '', uid: metadata.uid ?? '' })),
        },
      });
      await leaders.start();
      const shared = (): resourcev1.ResourceClaim => world.get<resourcev1.ResourceClaim>(dra.resourceclaims, 'shared');
      for (const [turn, fault] of befalls.entries()) {
        await leaders.befall(fault === 'kubelets' ? 'time' : fault);
        if (turn === 1) world.change(core.pods, 'ends', (pod) => (pod.status = { ...pod.status, phase: 'Succeeded' }), 'status');
        expect(shared().status?.allocation).toBeDefined();
        expect(shared().status?.reservedFor?.map(({ name }) => name)).toContain('runs');
      }
      await leaders.recover();
      expect(shared().status?.reservedFor?.map(({ name }) => name)).toEqual(['runs']);
      const own = leaders.world.all<resourcev1.ResourceClaim>(dra.resourceclaims).filter(({ metadata }) => metadata.name !== 'shared');
      expect(own.map(({ metadata }) => metadata.ownerReferences?.[0]?.name)).toEqual(['runs']);
      expect(leaders.world.get(core.pods, 'runs').status?.resourceClaimStatuses).toEqual([{ name: 'card', resourceClaimName: own[0]?.metadata.name }]);
      for (const name of ['runs', 'ends']) leaders.world.api.delete(core.pods, 'default', name, { gracePeriodSeconds: 0 });
      await leaders.recover();
      expect(shared().status).toEqual({});
      expect(shared().metadata.finalizers).toEqual([]);
      await leaders.world.stop();
    }), RUNS);
  }, 60_000);

  it('a role made of others ends with their rules', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([clusterRoleAggregationController]);
      const { world } = leaders;
      const role = (name: string, labels: Record<string, string>, more: Partial<rbacv1.ClusterRole> = {}): void =>
        void world.create(rbac.clusterroles, { metadata: { name, labels }, rules: [{ verbs: ['get'], apiGroups: [''], resources: [name] }], ...more });
      role('made', {}, { rules: [], aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: 'made' } }] } });
      role('pods', { to: 'made' });
      role('nodes', { to: 'made' });
      await leaders.start();
      for (const [turn, fault] of befalls.entries()) {
        await leaders.befall(fault);
        if (turn === 1) world.api.delete(rbac.clusterroles, '', 'pods');
        if (turn === 1) role('late', { to: 'made' });
        if (turn === 2) world.change(rbac.clusterroles, 'made', (made) => (made.rules = []));
      }
      await leaders.recover();
      expect(leaders.world.get(rbac.clusterroles, 'made').rules?.map(({ resources }) => resources?.[0])).toEqual(['late', 'nodes']);
      await leaders.world.stop();
    }), RUNS);
  }, 60_000);
});
