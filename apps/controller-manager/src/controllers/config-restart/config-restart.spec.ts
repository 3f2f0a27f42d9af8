import { apps, core, type appsv1, type corev1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { configRestartController } from './controller';
import { CONFIG_HASH, configNames, RESTART_ON_CHANGE } from './sync';

const template: corev1.PodTemplateSpec = {
  spec: {
    volumes: [{ name: 'a', configMap: { name: 'volume' } }, { name: 'b', projected: { sources: [{ secret: { name: 'projected' } }] } }],
    containers: [{ name: 'c', envFrom: [{ secretRef: { name: 'all' } }], env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'one', key: 'x' } } }] }],
  },
};
const deployment = (annotations: Record<string, string>): appsv1.Deployment => ({ metadata: { name: 'web', namespace: 'default', annotations }, spec: { selector: {}, template } });

describe('restarts for changed configuration', () => {
  let world: ControllerWorld;
  beforeEach(() => {
    world = new ControllerWorld();
    for (const name of ['volume', 'one', 'other']) world.create(core.configmaps, { metadata: { name, namespace: 'default' }, data: { x: '1' } });
  });
  afterEach(() => world.stop());
  const run = async (annotations: Record<string, string>): Promise<void> => {
    world.create(apps.deployments, deployment(annotations));
    await world.run(configRestartController);
    await world.settle();
  };
  const hash = (): string | undefined => world.get(apps.deployments, 'web').spec?.template.metadata?.annotations?.[CONFIG_HASH];

  it('know all places where a pod names its configuration', () => expect(configNames(template)).toEqual({ configMaps: ['one', 'volume'], secrets: ['all', 'projected'] }));

  it('happen when something that the pods use changes, comes or goes', async () => {
    await run({ [RESTART_ON_CHANGE]: 'true' });
    const seen = new Set([hash()]);
    world.change(core.configmaps, 'one', (object) => (object.data = { x: '2' }));
    await world.settle();
    seen.add(hash());
    world.create(core.secrets, { metadata: { name: 'all', namespace: 'default' }, data: { y: 'MQ==' } });
    await world.settle();
    seen.add(hash());
    expect(seen.size).toBe(3);
    expect(world.eventsOf('web')).toEqual(['ConfigChanged: Rolling out: the ConfigMaps and Secrets that its pods use have changed']);
    world.api.delete(core.secrets, 'default', 'all');
    world.change(core.configmaps, 'one', (object) => (object.data = { x: '1' }));
    await world.settle();
    expect(seen.has(hash())).toBe(true);
  });

  it('do not happen for what no pod uses, or for labels', async () => {
    await run({ [RESTART_ON_CHANGE]: 'true' });
    const before = hash();
    world.change(core.configmaps, 'other', (object) => (object.data = { x: '2' }));
    world.change(core.configmaps, 'one', (object) => (object.metadata.labels = { a: 'b' }));
    await world.settle();
    expect(hash()).toBe(before);
  });

  it('do not happen to those that did not ask for them', async () => {
    await run({});
    expect(hash()).toBeUndefined();
  });
});
