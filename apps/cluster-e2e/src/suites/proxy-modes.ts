import { ask } from '../harness/ask';
import type { RunningCluster } from '../harness/cluster';
import { must } from '../harness/shell';
import { useNamespace } from '../harness/use-namespace';
import { service, webPod } from '../harness/web-objects';

/** What a cluster with real containers promises of Services, of whose nodes `node-1` carries them by nftables and `node-2` by iptables. */
export function proxyModes(cluster: RunningCluster): void {
  const { kubectl } = useNamespace(cluster, 'proxy-modes', [
    webPod('web', 'node-1', { app: 'web' }), webPod('near', 'node-1', { app: 'near', spread: 'close' }), webPod('far', 'node-2', { app: 'far', spread: 'close' }),
    service('web', { selector: { app: 'web' } }), service('port', { type: 'NodePort', selector: { app: 'web' } }),
    service('close', { selector: { spread: 'close' }, trafficDistribution: 'PreferSameNode' }), service('spread', { selector: { spread: 'close' } }),
  ]);

  it('carries Services by nftables on one node and by iptables on the other', async () => {
    const clusterIp = await kubectl('get service web -o jsonpath={.spec.clusterIP}');
    const port = Number(await kubectl('get service port -o jsonpath={.spec.ports[0].nodePort}'));
    // From a pod of each node to the address of the Service, and from outside to the port of each.
    for (const pod of ['near', 'far']) await cluster.until(async () => expect(await kubectl(`exec ${pod} -- wget -q -T 1 -O- http://${clusterIp}`)).toContain('web:1'));
    for (const node of ['node-1', 'node-2']) await cluster.until(async () => expect((await ask(await cluster.nodeIp(node), port, 'x')).text).toContain('web:1'));
    const inNode = async (node: string, ...command: string[]): Promise<string> => {
      const [enter = '', ...entering] = await cluster.inNode(node);
      return must(enter, [...entering, ...command]);
    };
    const carriedBy = async (node: string): Promise<object> => ({
      nftables: (await inNode(node, 'nft', 'list', 'tables')).includes('table ip navarch-proxy\n'), iptables: (await inNode(node, 'iptables-save', '-t', 'nat')).includes(clusterIp),
    });
    expect([await carriedBy('node-1'), await carriedBy('node-2')]).toEqual([{ nftables: true, iptables: false }, { nftables: false, iptables: true }]);
  });

  it('keeps to the pods of the client\'s own node where a Service prefers them', async () => {
    // The shell's own wget knows no time limit.
    const met = async (pod: string, name: string): Promise<string[]> =>
      [...new Set((await kubectl(`exec ${pod} -- sh -c 'for i in 1 2 3 4 5 6 7 8; do /bin/wget -q -T 2 -O- http://${name}; done'`)).trim().split('\n'))].sort();
    for (const pod of ['near', 'far']) {
      await cluster.until(async () => expect(await met(pod, 'close')).toEqual([`web:1 ${pod}`]));
      // Not by chance.
      expect(await met(pod, 'close')).toEqual([`web:1 ${pod}`]);
    }
    await cluster.until(async () => expect(await met('near', 'spread')).toEqual(['web:1 far', 'web:1 near']));
  });
}
