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
        ready: 2, ran: 'hi\n', scaled: 1, status: 'Deployment', dynamic: ['a', 'c'], allowed: true, version: expect.stringMatching(/^v1\.36\./) as string,
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
      await api.call(
        'PATCH',
        `/apis/apps/v1/namespaces/${namespace}/deployments/web`,
        { spec: { template: { metadata: { annotations: { injected: 'yes' } } } } },
        { contentType: 'application/merge-patch+json' },
      );
      await helm.upgrade('shop', [service, deployment('navarch.local/web:2', { env: [{ name: 'A', value: 'b' }] })]);
      expect(await read(`/apis/apps/v1/namespaces/${namespace}/deployments/web`)).toMatchObject({
        spec: {
          template: {
            metadata: { annotations: { injected: 'yes' } },
            spec: { containers: [{ name: 'web', image: 'navarch.local/web:2', imagePullPolicy: 'IfNotPresent', env: [{ name: 'A', value: 'b' }] }] },
          },
        },
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

    describe('for a chart with definitions and hooks', () => {
      const group = 'helm.example.com';
      const crd: KubeObject = {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: `widgets.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { plural: 'widgets', kind: 'Widget' },
          versions: [
            { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } },
          ],
        },
      };
      const widget: KubeObject = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'one' }, spec: { size: 1 } };
      /** A Job that has nothing to do, or cannot do it in time. */
      const job = (name: string, annotations: Record<string, string>, spec: Record<string, unknown> = { completions: 0 }): KubeObject => ({
        apiVersion: 'batch/v1', kind: 'Job', metadata: { name, annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`helm.sh/${key}`, value])) },
        spec: { ...spec, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'navarch.local/web:1' }] } } },
      });
      const codeOf = async (path: string): Promise<number> => (await api.call('GET', path)).code;
      const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
      const widgets = `/apis/${group}/v1/namespaces/${namespace}/widgets`;
      const migrate = job('migrate', { hook: 'pre-install,pre-upgrade', 'hook-weight': '-1' });
      const check = job('check', { hook: 'post-install', 'hook-delete-policy': 'hook-succeeded' });

      afterAll(() => api.call('DELETE', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${group}`));

      it('install the definitions before objects of their kinds, and run hooks around them', async () => {
        await helm.install('crafts', [widget, migrate, check], [crd]);
        expect(await codeOf(`${widgets}/one`)).toBe(200);
        // One stays until the next of its name; the other has gone as soon as all had ended well.
        expect(await codeOf(`${jobs}/migrate`)).toBe(200);
        await cluster.until(async () => expect(await codeOf(`${jobs}/check`)).toBe(404));
      });

      it('make a hook anew at an upgrade', async () => {
        const uid = async (): Promise<string> => (JSON.parse((await api.call('GET', `${jobs}/migrate`)).text) as { metadata: { uid: string } }).metadata.uid;
        const before = await uid();
        await helm.upgrade('crafts', [{ ...widget, spec: { size: 2 } }, migrate, check]);
        expect(await uid()).not.toBe(before);
        expect((await read(`${widgets}/one`))['spec']).toEqual({ size: 2 });
      });

      it('leave hooks and definitions when all else is uninstalled, and take the definitions as they are next time', async () => {
        await helm.uninstall('crafts');
        expect([await codeOf(`${widgets}/one`), await codeOf(widgets), await codeOf(`${jobs}/migrate`)]).toEqual([404, 200, 200]);
        await helm.install('crafts', [widget], [crd]);
        expect(await codeOf(`${widgets}/one`)).toBe(200);
        await helm.uninstall('crafts');
      });

      it('end an install whose hook fails, and take the hook away if it says so', async () => {
        const fails = job('fails', { hook: 'pre-install', 'hook-delete-policy': 'hook-failed' }, { activeDeadlineSeconds: 1 });
        await expect(helm.install('broken', [widget, fails])).rejects.toThrow('pre-install hooks failed: job fails failed');
        expect(await codeOf(`${widgets}/one`)).toBe(404);
        await cluster.until(async () => expect(await codeOf(`${jobs}/fails`)).toBe(404));
        expect((await helm.history('broken')).map(({ info }) => info.status)).toEqual(['pending-install']);
        await helm.uninstall('broken');
      });
    });
  });
}
