import type { Frontend } from '../frontends';
import { Balancer } from './balancer';

const endpoints = ['10.244.0.2', '10.244.0.3'].map((address) => ({ address, port: 8080 }));
const frontend = (over: Partial<Frontend> = {}): Frontend =>
  ({ kind: 'address', address: '10.96.0.7', protocol: 'tcp', port: 80, affinitySeconds: 0, audiences: [{ route: 'plain', endpoints }], closed: undefined, sources: [], ...over });
const place = { clusterCidrs: ['10.244.0.0/16'], own: new Set(['172.30.1.11']) };

describe('Balancer', () => {
  it('takes endpoints in turn', () => {
    const balancer = new Balancer(frontend(), () => 0);
    expect([1, 2, 3].map(() => balancer.choose('10.244.0.9', place)?.address)).toEqual(['10.244.0.2', '10.244.0.3', '10.244.0.2']);
  });

  it('remembers a client until its affinity is over', () => {
    let now = 0;
    const balancer = new Balancer(frontend({ affinitySeconds: 10 }), () => now);
    const first = balancer.choose('a', place)?.address;
    expect(balancer.choose('b', place)?.address).not.toBe(first);
    expect(balancer.choose('a', place)?.address).toBe(first);
    now = 10_001;
    balancer.choose('c', place);
    expect(balancer.choose('a', place)?.address).not.toBe(first);
  });

  it('moves a client on from an endpoint that failed, and keeps it there', () => {
    const balancer = new Balancer(frontend({ affinitySeconds: 10 }), () => 0);
    const first = balancer.choose('a', place);
    const second = balancer.choose('a', place, first)?.address;
    expect(second).not.toBe(first?.address);
    expect(balancer.choose('a', place)?.address).toBe(second);
  });

  it('lets in only the sources that may', () => {
    const balancer = new Balancer(frontend({ sources: ['198.51.100.0/24'] }), () => 0);
    expect(balancer.choose('203.0.113.1', place)).toBeUndefined();
    expect(balancer.choose('198.51.100.1', place)).toBeDefined();
  });
});
