import { join } from 'node:path';
import { ApiClient } from '../harness/api-client';
import type { RunningCluster } from '../harness/cluster';
import { must } from '../harness/shell';
import { HelmReplay, type KubeObject } from '../clients/helm-replay';

/** Programs that users have, with the libraries that they use, against a cluster however it is run. */
export function clients(cluster: RunningCluster): void {
  describe('an operator with @kubernetes/client-node', () => {
    it('creates, reads, applies, follows with an informer, watches and discovers', async () => {
      const said = await must(process.execPath, [join(__dirname, '../clients/node-client.mjs'), 'with-node'], { env: cluster.env, timeoutMs: 120_000 });
      expect(JSON.parse(said)).toEqual({
        replaced: { a: '2' }, stale: 409, merged: { a: '2', b: '3' }, applied: { a: '2', b: '3', c: '4' }, selected: 1, gone: 404,
        informer: ['add web', true, 'delete web'], watch: ['ADDED one', 'DELETED one'], found: true,
      });
    });
  });

  describe("an operator with Debian's python3-kubernetes", () => {
    it('creates, watches, patches, scales and deletes', async () => {
      const said = await must('/usr/bin/python3', [join(__dirname, '../clients/python_client.py'), 'with-python'], { env: cluster.env, timeoutMs: 120_000 });
      expect(JSON.parse(said)).toEqual({
        created: { a: '1' }, replaced: { a: '2' }, conflict: [409, 'Conflict'], patched: { a: '2', b: '3' }, listed: ['settings'],
        events: [['ADDED', 'settings'], ['MODIFIED', 'settings'], ['MODIFIED', 'settings'], ['DELETED', 'settings']],
        ready: 2, scaled: 1, status: 'Deployment', dynamic: ['a', 'c'], allowed: true, version: expect.stringMatching(/^v1\.36\./) as string,
      });
    });
  });

  describe("Helm's requests", () => {
    const namespace = 'with-helm';
    let api: ApiClient;
    let helm: HelmReplay;

    const deployment = (image: string, extra: Record<string, unknown> = {}): KubeObject => ({
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', labels: { 'app.kubernetes.io/managed-by': 'Helm' } },
      spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image, ...extra }] } } },
    });
    const service: KubeObject = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] } };
    const map: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { a: '1' } };
    const read = async (path: string): Promise<Record<string, never>> => JSON.parse((await api.call('GET', path)).text) as Record<string, never>;

    beforeAll(async () => {
      api = new ApiClient(cluster.kubeconfig);
      helm = new HelmReplay(api, namespace);
      await api.call('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
    });
    afterAll(() => api.close());

    it('install a release and wait for it', async () => {
      await helm.install('shop', [service, map, deployment('navarch.local/web:1')]);
      await cluster.until(async () => expect(await helm.ready(deployment(''))).toBe(true));
      expect((await helm.deployed()).map(({ name, version }) => `${name} ${version}`)).toEqual(['shop 1']);
      await expect(helm.install('shop', [])).rejects.toThrow('cannot re-use a name');
    });

    it('upgrade it by what changed, and leave alone what others have set', async () => {
      await api.call('PATCH', `/apis/apps/v1/namespaces/${namespace}/deployments/web`, { spec: { template: { metadata: { annotations: { injected: 'yes' } } } } }, { contentType: 'application/merge-patch+json' });
      await helm.upgrade('shop', [service, deployment('navarch.local/web:2', { env: [{ name: 'A', value: 'b' }] })]);
      expect(await read(`/apis/apps/v1/namespaces/${namespace}/deployments/web`)).toMatchObject({
        spec: { template: { metadata: { annotations: { injected: 'yes' } }, spec: { containers: [{ name: 'web', image: 'navarch.local/web:2', imagePullPolicy: 'IfNotPresent', env: [{ name: 'A', value: 'b' }] }] } } },
      });
      expect((await api.call('GET', `/api/v1/namespaces/${namespace}/configmaps/settings`)).code).toBe(404);
      expect((await helm.history('shop')).map(({ version, info }) => `${version} ${info.status}`)).toEqual(['1 superseded', '2 deployed']);
    });

    it('roll it back', async () => {
      await helm.rollback('shop', 1);
      await cluster.until(async () => expect(await helm.ready(deployment(''))).toBe(true));
      expect(await read(`/apis/apps/v1/namespaces/${namespace}/deployments/web`)).toMatchObject({ spec: { template: { spec: { containers: [{ image: 'navarch.local/web:1' }] } } } });
      expect((await api.call('GET', `/api/v1/namespaces/${namespace}/configmaps/settings`)).code).toBe(200);
    });

    it('uninstall it with all it made', async () => {
      await helm.uninstall('shop');
      expect(await helm.history('shop')).toEqual([]);
      await cluster.until(async () => expect((await read(`/api/v1/namespaces/${namespace}/pods`))['items']).toEqual([]));
    });
  });
}
