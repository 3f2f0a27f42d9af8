import { networking, type networkingv1 } from '@navarch/api';
import { SimulatedCluster } from '@navarch/client/testing';
import { ServiceRanges } from './service-ranges';

it('follows the cluster\'s ServiceCIDRs, and tells when their ranges are others', async () => {
  const cluster = new SimulatedCluster();
  const ranges = (name: string, ...cidrs: string[]): networkingv1.ServiceCIDR => ({ metadata: { name }, spec: { cidrs } });
  await cluster.client.create(networking.servicecidrs, ranges('kubernetes', '10.96.0.0/12', 'fd00:10:96::/112'));
  const told: string[] = [];
  const known = new ServiceRanges(cluster.informers.informer(networking.servicecidrs), () => told.push(known.list.join()));
  await cluster.start();
  await known.start();
  try {
    expect([known.list, told]).toEqual([['10.96.0.0/12', 'fd00:10:96::/112'], []]);
    await cluster.client.create(networking.servicecidrs, ranges('more', '10.200.0.0/16'));
    await cluster.settle();
    // Its conditions come, and say nothing of ranges.
    await cluster.client.patch(networking.servicecidrs, { namespace: '', name: 'more' }, 'merge', { metadata: { labels: { a: 'b' } } });
    await cluster.settle();
    await cluster.client.delete(networking.servicecidrs, { namespace: '', name: 'more' });
    await cluster.settle();
    expect(told).toEqual(['10.200.0.0/16,10.96.0.0/12,fd00:10:96::/112', '10.96.0.0/12,fd00:10:96::/112']);
  } finally {
    await known.stop();
    await cluster.stop();
  }
});
