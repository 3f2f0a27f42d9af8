import { Layout } from '../cluster/layout';
import { kubeletFlags } from './node-processes';

describe('what every kubelet is told', () => {
  it('is to keep pods and images however full the disk is: that is the developer\'s, and images were loaded on the nodes', () => {
    const flags = kubeletFlags(new Layout('navarch', '/data').node('node-1'), ['172.30.1.11'], { https: 10_250, service: 10_260 });
    expect(flags).toEqual(expect.arrayContaining(['--eviction-hard=memory.available<100Mi', '--image-gc-high-threshold=100']));
  });
});
