import type { RunningCluster } from '../harness/cluster';
import { useNamespace } from '../harness/use-namespace';
import { service, webPod } from '../harness/web-objects';

const namespace = 'dual';

/** What a cluster of both families with nodes `node-1` and `node-2` and real containers promises. */
export function dualStack(cluster: RunningCluster): void {
  const { kubectl } = useNamespace(cluster, namespace, [
    webPod('web', 'node-1', { app: 'web' }), webPod('client', 'node-2', { app: 'client' }), service('web', { ipFamilyPolicy: 'RequireDualStack', selector: { app: 'web' } }),
  ]);
  const addresses = async (what: string, path: string): Promise<string[]> => (await kubectl(`get ${what} -o jsonpath='{${path}}'`)).split(' ');

  it('gives nodes, pods and Services an address of each', async () => {
    const [four, six] = [expect.stringMatching(/^\d+\.\d+\.\d+\.\d+/) as unknown, expect.stringMatching(/^fd00:/) as unknown];
    expect(await addresses('node node-1', '.status.addresses[?(@.type=="InternalIP")].address')).toEqual([four, six]);
    expect(await addresses('node node-1', '.spec.podCIDRs[*]')).toEqual([four, six]);
    expect(await addresses('pod web', '.status.podIPs[*].ip')).toEqual([four, six]);
    expect(await addresses('service web', '.spec.clusterIPs[*]')).toEqual([four, six]);
  });

  it('carries pods\' traffic between nodes by both, to pods and to Services', async () => {
    for (const address of [...await addresses('pod web', '.status.podIPs[*].ip'), ...await addresses('service web', '.spec.clusterIPs[*]')]) {
      await cluster.until(async () => expect(await kubectl(`exec client -- wget -q -T 2 -O- http://${address.includes(':') ? `[${address}]` : address}/`)).toContain('web'));
    }
  });

  it('names Services in both', async () => {
    const [, six = ''] = await addresses('service web', '.spec.clusterIPs[*]');
    await cluster.until(async () => expect(await kubectl(`exec client -- nslookup web.${namespace}.svc.cluster.local`)).toContain(six));
  });
}
