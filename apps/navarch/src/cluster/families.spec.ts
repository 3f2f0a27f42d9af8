import { bridgeAddress6, loadBalancerCidrs, nodeAddresses, podCidrs, serviceCidrs } from './families';

describe('the addresses of a cluster', () => {
  const settings = { subnet: 9, podCidr: '10.245.0.0/16' };

  it('are of IPv4 where nothing else is said, as in clusters made before', () => {
    expect([podCidrs(settings), serviceCidrs(settings), nodeAddresses(settings, 0)]).toEqual(['10.245.0.0/16', '10.96.0.0/12', ['172.30.9.11']]);
  });

  it('are one of each family in a cluster of both, and each cluster has its own', () => {
    const dual = { ...settings, ipFamily: 'dual' as const };
    expect([podCidrs(dual), serviceCidrs(dual), loadBalancerCidrs(dual), nodeAddresses(dual, 1), bridgeAddress6(9)]).toEqual([
      '10.245.0.0/16,fd00:10:245::/56',
      '10.96.0.0/12,fd00:10:96::/112',
      '172.30.9.128/25,fd00:172:30:9::1:0/112',
      ['172.30.9.12', 'fd00:172:30:9::12'],
      'fd00:172:30:9::1',
    ]);
  });
});
