import { core, discovery } from '@navarch/api';
import { SimulatedCluster } from '@navarch/client/testing';
import { silentLogger } from '@navarch/component-base';
import { KeptObjects } from '@navarch/client';
import { dnsObjects } from './dns-service';

const key = { namespace: 'kube-system', name: 'kube-dns' };

describe('the Service of DNS', () => {
  let cluster: SimulatedCluster;
  let service: KeptObjects;

  beforeEach(async () => {
    cluster = new SimulatedCluster();
    await cluster.start();
    service = new KeptObjects(dnsObjects({ clusterIp: '10.96.0.10', address: '172.30.0.1', port: 10053 }), { client: cluster.client, clock: cluster.clock, log: silentLogger });
    await service.start();
    await cluster.settle();
  });

  afterEach(async () => {
    await service.stop();
    await cluster.stop();
  });

  it('registers the Service and its own endpoint', async () => {
    expect(service.ready).toBe(true);
    expect((await cluster.client.get(core.services, key)).spec).toMatchObject({ clusterIP: '10.96.0.10', ports: [{ name: 'dns', protocol: 'UDP', port: 53 }, { name: 'dns-tcp', protocol: 'TCP', port: 53 }] });
    expect((await cluster.client.get(discovery.endpointslices, { ...key, name: 'kube-dns-172-30-0-1' })).endpoints).toEqual([expect.objectContaining({ addresses: ['172.30.0.1'] })]);
  });

  it('puts back what somebody took away', async () => {
    await cluster.client.delete(core.services, key);
    await cluster.client.patch(discovery.endpointslices, { ...key, name: 'kube-dns-172-30-0-1' }, 'merge', { endpoints: [] });
    await cluster.clock.advance(30_000);
    await cluster.settle();
    expect((await cluster.client.get(core.services, key)).spec?.clusterIP).toBe('10.96.0.10');
    expect((await cluster.client.get(discovery.endpointslices, { ...key, name: 'kube-dns-172-30-0-1' })).endpoints).toHaveLength(1);
  });
});
