import { apps, core, type appsv1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { replicaSetController } from '../replicaset/controller';
import { deploymentController } from './controller';

const deployment = (spec: Partial<appsv1.DeploymentSpec> = {}, annotations: Record<string, string> = {}): appsv1.Deployment => ({
  metadata: { name: 'web', namespace: 'default', annotations },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'web:1' }] } },
    ...spec,
  },
});

const image = (object: appsv1.Deployment | appsv1.ReplicaSet): string | undefined => object.spec?.template?.spec?.containers[0]?.image;
const condition = (object: appsv1.Deployment, type: string): string => {
  const found = object.status?.conditions?.find((candidate) => candidate.type === type);
  return `${found?.status ?? ''} ${found?.reason ?? ''}: ${found?.message ?? ''}`;
};

describe('Deployments', () => {
  let world: ControllerWorld;
  beforeEach(() => (world = new ControllerWorld()));
  afterEach(() => world.stop());

  const run = (): Promise<void> => world.run(deploymentController, replicaSetController);
  const web = (): appsv1.Deployment => world.get(apps.deployments, 'web');
  const replicaSets = (): appsv1.ReplicaSet[] => world.all(apps.replicasets);
  const withImage = (name: string): appsv1.ReplicaSet | undefined => replicaSets().find((replicaSet) => image(replicaSet) === name);
  const setImage = (name: string): void =>
    world.change(apps.deployments, 'web', (object) => {
      object.spec!.template.spec!.containers[0]!.image = name;
    });

  it('may have as long a name as any: their ReplicaSets leave out the end of it', async () => {
    const name = 'a'.repeat(253);
    const { metadata, ...long } = deployment();
    world.create(apps.deployments, { metadata: { ...metadata, name }, ...long });
    await run();
    const [replicaSet] = replicaSets();
    const hash = replicaSet?.metadata.labels?.['pod-template-hash'] ?? '';
    expect(replicaSet?.metadata.name).toBe(`${'a'.repeat(252 - hash.length)}-${hash}`);
  });

  it('become complete, with a ReplicaSet named by its hash and all that kubectl looks at', async () => {
    world.create(apps.deployments, deployment({}, { 'kubernetes.io/change-cause': 'first', 'kubectl.kubernetes.io/last-applied-configuration': '{}' }));
    await run();
    await world.untilQuiet();
    const [replicaSet] = replicaSets();
    const hash = replicaSet?.metadata.labels?.['pod-template-hash'] ?? '';
    expect(replicaSet?.metadata.name).toBe(`web-${hash}`);
    expect(replicaSet?.spec?.selector.matchLabels).toEqual({ app: 'web', 'pod-template-hash': hash });
    expect(replicaSet?.metadata.annotations).toEqual({
      'deployment.kubernetes.io/revision': '1', 'deployment.kubernetes.io/desired-replicas': '3', 'deployment.kubernetes.io/max-replicas': '4', 'kubernetes.io/change-cause': 'first',
    });
    const pods = world.all(core.pods);
    expect(pods.map(({ metadata }) => metadata.ownerReferences?.[0]?.name)).toEqual(Array(3).fill(`web-${hash}`));
    expect(web().metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('1');
    expect(web().status).toMatchObject({ observedGeneration: 1, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 });
    expect(condition(web(), 'Available')).toBe('True MinimumReplicasAvailable: Deployment has minimum availability.');
    expect(condition(web(), 'Progressing')).toBe(`True NewReplicaSetAvailable: ReplicaSet "web-${hash}" has successfully progressed.`);
    expect(world.eventsOf('web')).toEqual([`ScalingReplicaSet: Scaled up replica set web-${hash} from 0 to 3`]);
    expect(world.eventsOf(`web-${hash}`).every((event) => event.startsWith('SuccessfulCreate: Created pod: web-'))).toBe(true);
    expect(world.warnings).toEqual([]);
  });

  it('roll without more pods than allowed or fewer available than asked for', async () => {
    world.create(apps.deployments, deployment({ replicas: 10 }));
    await run();
    await world.untilQuiet();
    setImage('web:2');
    let [most, fewest] = [0, 10];
    for (let turn = 0; turn < 40; turn++) {
      await world.settle();
      const pods = world.all(core.pods).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      most = Math.max(most, pods.length);
      fewest = Math.min(fewest, pods.filter(({ status }) => status?.phase === 'Running').length);
      world.runPods();
      await world.clock.advance(1_000);
    }
    expect(most).toBe(13);
    expect(fewest).toBe(8);
    expect(world.all(core.pods).every(({ spec }) => spec?.containers[0]?.image === 'web:2')).toBe(true);
    expect(withImage('web:1')?.spec?.replicas).toBe(0);
    expect(web().status).toMatchObject({ replicas: 10, updatedReplicas: 10, availableReplicas: 10 });
  });

  it('that go back to an earlier template raise its revision and remember the old one', async () => {
    world.create(apps.deployments, deployment());
    await run();
    await world.untilQuiet();
    setImage('web:2');
    await world.untilQuiet();
    setImage('web:1');
    await world.untilQuiet();
    expect(replicaSets()).toHaveLength(2);
    expect(withImage('web:1')?.metadata.annotations).toMatchObject({ 'deployment.kubernetes.io/revision': '3', 'deployment.kubernetes.io/revision-history': '1' });
    expect(web().metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3');
    expect(withImage('web:2')?.spec?.replicas).toBe(0);
  });

  it('go on from the revision of a ReplicaSet that they adopt, however great', async () => {
    const labels = { app: 'web', pod: 'old' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'web:0' }] } };
    world.create(apps.replicasets, {
      metadata: { name: 'old', namespace: 'default', labels, annotations: { 'deployment.kubernetes.io/revision': '3546343826724305832' } },
      spec: { replicas: 1, selector: { matchLabels: labels }, template },
    });
    world.create(apps.deployments, deployment());
    await run();
    await world.untilQuiet();
    expect([web(), withImage('web:1')].map((object) => object?.metadata.annotations?.['deployment.kubernetes.io/revision'])).toEqual(['3546343826724305833', '3546343826724305833']);
  });

  it('keep as many old ReplicaSets as asked for', async () => {
    world.create(apps.deployments, deployment({ revisionHistoryLimit: 1 }));
    await run();
    for (const name of ['web:2', 'web:3', 'web:4']) {
      await world.untilQuiet();
      setImage(name);
    }
    await world.untilQuiet();
    expect(replicaSets().map(image).sort()).toEqual(['web:3', 'web:4']);
  });

  it('of type Recreate start the new pods when the last old one is gone', async () => {
    world.create(apps.deployments, deployment({ strategy: { type: 'Recreate' } }));
    await run();
    await world.untilQuiet();
    setImage('web:2');
    await world.settle();
    expect(withImage('web:2')).toBeUndefined();
    expect(world.all(core.pods)).toHaveLength(3);
    await world.untilQuiet();
    expect(world.all(core.pods).map(({ spec }) => spec?.containers[0]?.image)).toEqual(Array(3).fill('web:2'));
  });

  it('scale in proportion amid a roll-out', async () => {
    world.create(apps.deployments, deployment({ replicas: 10, strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }));
    await run();
    await world.untilQuiet();
    setImage('web:bad');
    await world.settle();
    expect([withImage('web:1')?.spec?.replicas, withImage('web:bad')?.spec?.replicas]).toEqual([8, 5]);
    world.change(apps.deployments, 'web', (object) => (object.spec!.replicas = 15));
    await world.settle();
    expect([withImage('web:1')?.spec?.replicas, withImage('web:bad')?.spec?.replicas]).toEqual([11, 7]);
  });

  it('that are paused scale but do not roll, and roll on when resumed', async () => {
    world.create(apps.deployments, deployment());
    await run();
    await world.untilQuiet();
    world.change(apps.deployments, 'web', (object) => {
      object.spec!.paused = true;
      object.spec!.replicas = 4;
      object.spec!.template.spec!.containers[0]!.image = 'web:2';
    });
    await world.untilQuiet();
    expect(replicaSets().map((replicaSet) => [image(replicaSet), replicaSet.spec?.replicas])).toEqual([['web:1', 4]]);
    expect(condition(web(), 'Progressing')).toBe('Unknown DeploymentPaused: Deployment is paused');
    world.change(apps.deployments, 'web', (object) => (object.spec!.paused = false));
    await world.untilQuiet();
    expect(withImage('web:2')?.spec?.replicas).toBe(4);
    expect(condition(web(), 'Progressing')).toContain('True NewReplicaSetAvailable');
  });

  it('that stand still are called so at their deadline', async () => {
    world.create(apps.deployments, deployment({ progressDeadlineSeconds: 60 }));
    await run();
    await world.clock.advance(59_000);
    expect(condition(web(), 'Progressing')).toContain('True ReplicaSetUpdated');
    expect(condition(web(), 'Available')).toBe('False MinimumReplicasUnavailable: Deployment does not have minimum availability.');
    await world.clock.advance(5_000);
    const [replicaSet] = replicaSets();
    expect(condition(web(), 'Progressing')).toBe(`False ProgressDeadlineExceeded: ReplicaSet "${replicaSet?.metadata.name ?? ''}" has timed out progressing.`);
    await world.untilQuiet();
    expect(condition(web(), 'Progressing')).toContain('True NewReplicaSetAvailable');
  });

  it('that change again amid a roll-out leave the template between behind at once', async () => {
    world.create(apps.deployments, deployment({ replicas: 4, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } }));
    await run();
    await world.untilQuiet();
    setImage('web:2');
    await world.settle();
    expect(withImage('web:2')?.spec?.replicas).toBe(2);
    setImage('web:3');
    await world.settle();
    // Those that never became ready go first: they serve nobody.
    expect(withImage('web:2')?.spec?.replicas).toBe(0);
    await world.untilQuiet();
    expect(replicaSets().map((replicaSet) => [image(replicaSet), replicaSet.spec?.replicas]).sort()).toEqual([['web:1', 0], ['web:2', 0], ['web:3', 4]]);
  });

  it('wait for minReadySeconds before they take old pods away', async () => {
    world.create(apps.deployments, deployment({ replicas: 2, minReadySeconds: 30, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } }));
    await run();
    world.runPods();
    await world.clock.advance(31_000);
    setImage('web:2');
    await world.settle();
    world.runPods();
    await world.clock.advance(29_000);
    expect(withImage('web:1')?.spec?.replicas).toBe(2);
    await world.clock.advance(2_000);
    await world.settle();
    expect(withImage('web:1')?.spec?.replicas).toBe(1);
  });

  it('whose pods are refused say why', async () => {
    world.create(apps.deployments, deployment());
    world.transport.beforeWrite = ({ operation }) => {
      if (operation?.$case === 'create' && operation.value.key?.resource?.resource === 'pods') throw new Error('no pods today');
    };
    await run();
    await world.clock.advance(1_000);
    expect(condition(web(), 'ReplicaFailure')).toContain('True FailedCreate: ');
    expect(world.eventsOf(replicaSets()[0]?.metadata.name ?? '')[0]).toContain('FailedCreate: Error creating: ');
    world.transport.beforeWrite = undefined;
    await world.clock.advance(60_000);
    await world.untilQuiet();
    expect(web().status?.conditions?.map(({ type }) => type).sort()).toEqual(['Available', 'Progressing']);
  });

  it('whose name is taken by a stranger choose another hash', async () => {
    world.create(apps.deployments, deployment());
    await run();
    const [made] = replicaSets();
    await world.untilQuiet();
    world.api.delete(apps.deployments, 'default', 'web');
    world.change(apps.replicasets, made?.metadata.name ?? '', (object) => (object.metadata.ownerReferences = []));
    world.change(apps.replicasets, made?.metadata.name ?? '', (object) => {
      object.metadata.labels = { app: 'other' };
      object.spec!.template!.spec!.containers[0]!.image = 'stranger';
    });
    await world.settle();
    world.create(apps.deployments, deployment());
    await world.clock.advance(5_000);
    await world.untilQuiet();
    expect(web().status?.collisionCount).toBe(1);
    expect(withImage('web:1')?.metadata.name).not.toBe(made?.metadata.name);
  });
});
