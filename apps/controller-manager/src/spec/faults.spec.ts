import { apps, batch, core, type corev1 } from '@navarch/api';
import fc from 'fast-check';
import { daemonSetController } from '../controllers/daemonset/controller';
import { deploymentController } from '../controllers/deployment/controller';
import { jobController } from '../controllers/job/controller';
import { replicaSetController } from '../controllers/replicaset/controller';
import { replicationController } from '../controllers/replicationcontroller/controller';
import { statefulSetController } from '../controllers/statefulset/controller';
import type { ControllerWorld } from '../testing/controller-world';
import { faults, Leaders } from '../testing/leaders';

const RUNS = { numRuns: 15 };

const isStaying = ({ metadata, status }: corev1.Pod): boolean => metadata.deletionTimestamp === undefined && status?.phase !== 'Failed' && status?.phase !== 'Succeeded';
const isRunning = (pod: corev1.Pod): boolean => isStaying(pod) && pod.status?.phase === 'Running';
const template = (app: string, image: string): corev1.PodTemplateSpec => ({ metadata: { labels: { app } }, spec: { containers: [{ name: 'c', image }] } });
const imageOf = ({ spec }: corev1.Pod): string | undefined => spec?.containers[0]?.image;

/** Looks at all pods after every change of one; answers with what was wrong. */
function watchPods(world: ControllerWorld, check: (pods: corev1.Pod[]) => string | undefined): string[] {
  const wrong: string[] = [];
  world.api.onEvent(({ resource }) => {
    if (resource !== '/pods') return;
    const found = check(world.all(core.pods));
    if (found !== undefined) wrong.push(found);
  });
  return wrong;
}

describe('whatever befalls the leader', () => {
  it('a Deployment rolls with never too many pods nor too few, and loses none', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([deploymentController, replicaSetController]);
      const { world } = leaders;
      world.create(apps.deployments, {
        metadata: { name: 'web', namespace: 'default' },
        spec: {
          replicas: 6,
          selector: { matchLabels: { app: 'web' } },
          strategy: { rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } },
          template: template('web', 'web:1'),
        },
      });
      await leaders.start();
      await leaders.recover();
      const wrong = watchPods(world, (pods) => {
        const [staying, running] = [pods.filter(isStaying).length, pods.filter(isRunning).length];
        return staying > 8 || running < 5 ? `${staying} pods, ${running} running` : undefined;
      });
      world.change(apps.deployments, 'web', (object) => (object.spec!.template = template('web', 'web:2')));
      for (const fault of befalls) await leaders.befall(fault);
      await leaders.recover();
      expect(wrong).toEqual([]);
      expect(leaders.world.all(core.pods).map(imageOf)).toEqual(Array(6).fill('web:2'));
      await leaders.world.stop();
    }), RUNS);
  }, 120_000);

  it('a StatefulSet rolls one by one, no name is doubled, none lost', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([statefulSetController]);
      const { world } = leaders;
      world.create(apps.statefulsets, { metadata: { name: 'db', namespace: 'default' }, spec: { replicas: 4, selector: { matchLabels: { app: 'db' } }, template: template('db', 'db:1') } });
      await leaders.start();
      await leaders.recover();
      const wrong = watchPods(world, (pods) => (pods.filter(isRunning).length < 3 || pods.length > 4 ? pods.map(({ metadata, status }) => `${metadata.name ?? ''} ${status?.phase ?? ''}`).join() : undefined));
      world.change(apps.statefulsets, 'db', (object) => (object.spec!.template = template('db', 'db:2')));
      for (const fault of befalls) await leaders.befall(fault);
      await leaders.recover();
      expect(wrong).toEqual([]);
      expect(leaders.world.all(core.pods).map((pod) => `${pod.metadata.name ?? ''} ${imageOf(pod) ?? ''}`)).toEqual(['db-0 db:2', 'db-1 db:2', 'db-2 db:2', 'db-3 db:2']);
      expect(leaders.world.get(apps.statefulsets, 'db').status).toMatchObject({ readyReplicas: 4, updatedReplicas: 4 });
      await leaders.world.stop();
    }), RUNS);
  }, 120_000);

  it('a DaemonSet ends with one new pod on every node', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([daemonSetController]);
      const { world } = leaders;
      for (const name of ['n1', 'n2', 'n3']) world.create(core.nodes, { metadata: { name } });
      world.create(apps.daemonsets, { metadata: { name: 'agent', namespace: 'default' }, spec: { selector: { matchLabels: { app: 'agent' } }, template: template('agent', 'agent:1') } });
      await leaders.start();
      await leaders.recover();
      world.change(apps.daemonsets, 'agent', (object) => (object.spec!.template = template('agent', 'agent:2')));
      for (const fault of befalls) await leaders.befall(fault);
      await leaders.recover();
      expect(leaders.world.all(core.pods).map((pod) => `${pod.spec?.nodeName ?? ''} ${imageOf(pod) ?? ''}`).sort()).toEqual(['n1 agent:2', 'n2 agent:2', 'n3 agent:2']);
      await leaders.world.stop();
    }), RUNS);
  }, 120_000);

  it('an Indexed Job completes each index exactly once', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([jobController]);
      const { world } = leaders;
      world.create(batch.jobs, { metadata: { name: 'sum', namespace: 'default' }, spec: { completions: 5, parallelism: 2, completionMode: 'Indexed', selector: { matchLabels: { app: 'sum' } }, template: template('sum', 'sum:1') } });
      const succeed = (): void => {
        for (const pod of world.all(core.pods).filter(isRunning)) {
          pod.status = { ...pod.status, phase: 'Succeeded' };
          world.api.update(core.pods, 'default', pod.metadata.name ?? '', 'status', pod);
        }
      };
      await leaders.start();
      for (const fault of befalls) {
        await leaders.befall(fault);
        succeed();
      }
      for (let turn = 0; turn < 6; turn++) {
        await leaders.recover();
        succeed();
      }
      await leaders.recover();
      const { status } = leaders.world.get(batch.jobs, 'sum');
      expect(status).toMatchObject({ succeeded: 5, completedIndexes: '0-4' });
      expect(status?.failed).toBeUndefined();
      expect(status?.conditions?.at(-1)).toMatchObject({ type: 'Complete', status: 'True' });
      await leaders.world.stop();
    }), RUNS);
  }, 120_000);

  it('a ReplicationController has never more pods than it was asked for, and ends with as many', async () => {
    await fc.assert(fc.asyncProperty(faults, fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 6 }), async (befalls, sizes) => {
      const leaders = new Leaders([replicationController]);
      const { world } = leaders;
      world.create(core.replicationcontrollers, { metadata: { name: 'rc', namespace: 'default' }, spec: { replicas: 3, selector: { app: 'rc' }, template: template('rc', 'rc:1') } });
      // Another's, which its selector would match.
      world.create(core.pods, { metadata: { name: 'kept', namespace: 'default', labels: { app: 'rc' }, ownerReferences: [{ apiVersion: 'example.com/v1', kind: 'Ship', name: 'x', uid: 'x', controller: true }] }, spec: { containers: [] } });
      const own = (pods: corev1.Pod[]): corev1.Pod[] => pods.filter(({ metadata }) => metadata.ownerReferences?.[0]?.name === 'rc');
      const most = Math.max(3, ...sizes);
      const wrong = watchPods(world, (pods) => (own(pods).filter(isStaying).length > most || pods.every(({ metadata }) => metadata.name !== 'kept') ? pods.map(({ metadata }) => metadata.name).join() : undefined));
      await leaders.start();
      for (const [turn, fault] of befalls.entries()) {
        await leaders.befall(fault);
        const replicas = sizes[turn];
        if (replicas !== undefined) world.change(core.replicationcontrollers, 'rc', (object) => (object.spec!.replicas = replicas));
      }
      await leaders.recover();
      expect(wrong).toEqual([]);
      const { spec, status } = leaders.world.get(core.replicationcontrollers, 'rc');
      expect(own(leaders.world.all(core.pods))).toHaveLength(spec?.replicas ?? 0);
      expect(status).toMatchObject({ replicas: spec?.replicas, ...(spec?.replicas === 0 ? {} : { readyReplicas: spec?.replicas }) });
      await leaders.world.stop();
    }), {
      ...RUNS,
      // Answers to creates are lost while caches stand still.
      examples: [[['timeout', 'lost', 'lag', 'kubelets', 'kubelets', 'kubelets', 'kubelets'], [2, 4, 0]]],
    });
  }, 120_000);

  it('an object that is deleted and made anew under its name gets pods of its own', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([replicaSetController]);
      const { world } = leaders;
      const make = (image: string): string | undefined =>
        world.create(apps.replicasets, {
          metadata: { name: 'web', namespace: 'default' },
          spec: {
            replicas: 3,
            selector: { matchLabels: { app: 'web', image } },
            template: { ...template('web', image), metadata: { labels: { app: 'web', image } } },
          },
        }).metadata.uid;
      make('one');
      await leaders.start();
      for (const fault of befalls) await leaders.befall(fault);
      world.api.delete(apps.replicasets, 'default', 'web');
      const uid = make('two');
      await leaders.recover();
      expect(leaders.world.all(core.pods).filter((pod) => pod.metadata.ownerReferences?.[0]?.uid === uid).map(imageOf)).toEqual(['two', 'two', 'two']);
      await leaders.world.stop();
    }), RUNS);
  }, 120_000);

  it('a clock that jumps, forwards or back, makes and removes no pod', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: -86_400_000, max: 86_400_000 }), { minLength: 1, maxLength: 5 }), async (jumps) => {
      const leaders = new Leaders([deploymentController, replicaSetController, statefulSetController]);
      const { world } = leaders;
      world.create(apps.deployments, { metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 3, minReadySeconds: 10, selector: { matchLabels: { app: 'web' } }, template: template('web', 'web:1') } });
      world.create(apps.statefulsets, { metadata: { name: 'db', namespace: 'default' }, spec: { replicas: 2, minReadySeconds: 10, selector: { matchLabels: { app: 'db' } }, template: template('db', 'db:1') } });
      await leaders.start();
      await leaders.recover();
      const before = world.all(core.pods).map(({ metadata }) => metadata.uid);
      for (const ms of jumps) {
        world.clock.jump(ms);
        world.change(apps.deployments, 'web', (object) => (object.metadata.labels = { jumped: String(ms) }));
        world.change(apps.statefulsets, 'db', (object) => (object.metadata.labels = { jumped: String(ms) }));
        await world.settle();
      }
      expect(world.all(core.pods).map(({ metadata }) => metadata.uid)).toEqual(before);
      await world.stop();
    }), RUNS);
  }, 120_000);
});
