import { networking, type networkingv1 } from '@navarch/api';
import { SimulatedCluster } from '@navarch/client/testing';
import { silentLogger } from '@navarch/component-base';
import { controllerName, ServedClasses } from './served-classes';
import { StatusWriter } from './status-writer';

describe('StatusWriter', () => {
  let cluster: SimulatedCluster;
  let writer: StatusWriter;
  const key = { namespace: 'default', name: 'web' };

  beforeEach(async () => {
    cluster = new SimulatedCluster();
    const [ingresses, classes] = [cluster.informers.informer(networking.ingresses), cluster.informers.informer(networking.ingressclasses)];
    writer = new StatusWriter(
      { addresses: ['192.0.2.1', '2001:db8::1'] },
      {
        ingresses,
        classes,
        isServed: (ingress) => new ServedClasses('navarch', classes.list()).has(ingress),
        client: cluster.client,
        clock: cluster.clock,
        log: silentLogger,
      },
    );
    await cluster.start();
    await writer.start();
  });
  afterEach(async () => {
    await writer.stop();
    await cluster.stop();
  });

  const create = (ingressClassName: string, status: networkingv1.IngressStatus = {}): Promise<networkingv1.Ingress> => cluster.client.create(networking.ingresses, { metadata: key, spec: { ingressClassName }, status });
  const told = async (): Promise<unknown> => {
    await cluster.settle();
    return (await cluster.client.get(networking.ingresses, key)).status?.loadBalancer?.ingress?.map(({ ip }) => ip);
  };

  it('tells addresses of both families, and takes them back when another class is asked for', async () => {
    await create('navarch');
    expect(await told()).toEqual(['192.0.2.1', '2001:db8::1']);
    const current = await cluster.client.get(networking.ingresses, key);
    await cluster.client.update(networking.ingresses, { ...current, spec: { ingressClassName: 'nginx' } });
    expect(await told()).toBeUndefined();
  });

  it('follows a class that comes, and one that goes', async () => {
    await create('public');
    expect(await told()).toBeUndefined();
    await cluster.client.create(networking.ingressclasses, { metadata: { name: 'public' }, spec: { controller: controllerName } });
    expect(await told()).toEqual(['192.0.2.1', '2001:db8::1']);
    await cluster.client.delete(networking.ingressclasses, { namespace: '', name: 'public' });
    expect(await told()).toBeUndefined();
  });

  it('leaves what other controllers tell of theirs', async () => {
    await create('nginx', { loadBalancer: { ingress: [{ ip: '198.51.100.7' }] } });
    expect(await told()).toEqual(['198.51.100.7']);
  });
});
