import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { core } from '@navarch/api';
import { KubeletHarness } from '../testing/kubelet-harness';
import { readManifest } from './read-manifest';

const manifest = (image: string, name = 'etcd'): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: kube-system}\nspec: {hostNetwork: true, containers: [{name: main, image: "${image}"}]}\n`;

describe('static pods', () => {
  let harness: KubeletHarness;
  let folder: string;

  beforeEach(async () => {
    harness = await KubeletHarness.open((root) => ({ podManifestPath: `${root}/manifests` }));
    folder = `${harness.root}/manifests`;
    await mkdir(folder);
    harness.runtime.addImage('app:2');
  });
  afterEach(() => harness.close());

  const mirror = (name = 'etcd-node-1') => harness.bench.api.find(core.pods, 'kube-system', name);
  const write = (text: string, file = 'etcd.yaml'): Promise<void> => writeFile(`${folder}/${file}`, text);

  it('run and are shown in the API by a mirror with their status, owned by the node', async () => {
    await write(manifest('app:1'));
    await harness.start();
    await harness.passing('mirrored', 1000, () => mirror()?.status?.phase === 'Running');
    expect(mirror()?.metadata).toMatchObject({
      annotations: { 'kubernetes.io/config.source': 'file', 'kubernetes.io/config.mirror': mirror()?.metadata.annotations?.['kubernetes.io/config.hash'] },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'node-1', controller: true }],
    });
    expect(mirror()?.spec).toMatchObject({ nodeName: 'node-1', restartPolicy: 'Always', tolerations: [{ operator: 'Exists', effect: 'NoExecute' }] });
    expect(harness.bench.kubelet.table.get(mirror()?.metadata.uid ?? '')?.pod.metadata.name).toBe('etcd-node-1');
  });

  it('come up while there is no API', async () => {
    await write(manifest('app:1'));
    harness.bench.transport.down = true;
    await harness.bench.start();
    await harness.passing('runs', 1000, () => harness.runtime.has('main'));
    harness.bench.transport.down = false;
    await harness.passing('mirrored', 1000, () => mirror()?.status?.phase === 'Running');
  });

  it('follow their file: a changed one is ended before its successor begins, a removed one is ended with its mirror', async () => {
    await write(manifest('app:1'));
    await harness.start();
    await harness.passing('mirrored', 1000, () => mirror()?.status?.phase === 'Running');
    const first = mirror()?.metadata.uid;
    await write(manifest('app:2'));
    await harness.passing('replaced', 1000, () => mirror()?.metadata.uid !== first && mirror()?.status?.phase === 'Running');
    expect(harness.runtime.newest('main').config.image?.userSpecifiedImage).toBe('app:2');
    expect(harness.runtime.sandboxes.size).toBe(1);
    await rm(`${folder}/etcd.yaml`);
    await harness.passing('gone', 1000, () => mirror() === undefined && harness.runtime.sandboxes.size === 0);
  });

  it('begin anew when their file comes back while they are being ended', async () => {
    await write(manifest('app:1'));
    await harness.start();
    await harness.passing('runs', 1000, () => mirror()?.status?.phase === 'Running');
    const first = harness.runtime.newest('main').status.id;
    let letGo = (): void => undefined;
    harness.runtime.onStop = async ({ status: { id } }) => {
      await new Promise<void>((resolve) => (letGo = resolve));
      harness.runtime.exit(id, 0);
    };
    await rm(`${folder}/etcd.yaml`);
    await harness.passing('is being ended', 1000, () => harness.runtime.calls.some((call) => call.startsWith('stopContainer')));
    await write(manifest('app:1'));
    await harness.passing('is read again', 1000, () => harness.bench.events.lines.length > 0);
    letGo();
    await harness.passing('runs again', 1000, () => harness.runtime.has('main') && harness.runtime.newest('main').status.id !== first && mirror()?.status?.phase === 'Running');
    expect(mirror()?.status?.containerStatuses?.[0]?.restartCount).toBe(1);
    expect(await harness.bench.registry.metrics()).toContain('kubelet_restarted_pods_total{static="true"} 1');
  });

  it('are mirrored again when somebody deletes the mirror, and go on running', async () => {
    await write(manifest('app:1'));
    await harness.start();
    await harness.passing('mirrored', 1000, () => mirror()?.status?.phase === 'Running');
    const first = mirror()?.metadata.uid;
    harness.bench.api.delete(core.pods, 'kube-system', 'etcd-node-1', { gracePeriodSeconds: 30 });
    await harness.passing('mirrored again', 1000, () => mirror() !== undefined && mirror()?.metadata.uid !== first && mirror()?.status?.phase === 'Running');
    expect(harness.runtime.calls.filter((call) => call.startsWith('stop'))).toEqual([]);
  });

  it('keep what a file held before it was spoiled, and leave the others alone', async () => {
    await write(manifest('app:1'));
    await write(manifest('app:1', 'api'), 'api.json');
    await harness.start();
    await harness.passing('mirrored', 1000, () => mirror()?.status?.phase === 'Running' && mirror('api-node-1')?.status?.phase === 'Running');
    await write('kind: Pod\nmetadata: {');
    await harness.clock.advance(20_000);
    await harness.clock.advance(20_000);
    expect(mirror()?.status?.phase).toBe('Running');
  });

  it('are taken over after a restart, and nothing is restarted', async () => {
    await write(manifest('app:1'));
    await harness.start();
    await harness.passing('mirrored', 1000, () => mirror()?.status?.phase === 'Running');
    harness.runtime.calls.length = 0;
    await harness.bench.restart();
    await harness.passing('adopted', 1000, () => harness.bench.kubelet.table.workers[0]?.status.phase === 'Running');
    expect(harness.runtime.calls).toEqual([]);
  });
});

describe('static pods from an address', () => {
  let server: Server;
  let answer: { status: number; body: string };
  let seen: unknown;

  beforeEach(async () => {
    answer = { status: 200, body: manifest('app:1') };
    server = createServer((request, response) => {
      seen = request.headers['x-token'];
      response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('run, and stay when the address has nothing sensible to say', async () => {
    const { port } = server.address() as AddressInfo;
    const harness = await KubeletHarness.open(() => ({ manifestUrl: `http://127.0.0.1:${port}/pods`, manifestUrlHeaders: { 'X-Token': 't' } }));
    const mirror = () => harness.bench.api.find(core.pods, 'kube-system', 'etcd-node-1');
    await harness.start();
    await harness.passing('mirrored', 1000, () => mirror()?.status?.phase === 'Running');
    expect(seen).toBe('t');
    answer = { status: 500, body: '' };
    await harness.clock.advance(20_000);
    await harness.clock.advance(20_000);
    expect(mirror()?.status?.phase).toBe('Running');
    await harness.close();
  });
});

describe('readManifest', () => {
  const origin = { source: 'file' as const, location: '/m/a.yaml', nodeName: 'n1', seenAt: '2026-01-01T00:00:00Z' };

  it.each([
    ['nothing', '', 'manifest holds no object'],
    ['another kind', 'apiVersion: apps/v1\nkind: Deployment', 'invalid pod: "apps/v1" "Deployment" is not a Pod or a list of them'],
    ['no name', 'apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a}]}', 'invalid pod: metadata.name is missing'],
    ['a service account', 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {serviceAccountName: x, containers: [{name: a}]}', 'static pod a may not refer to a service account'],
  ])('says what is wrong with %s', (_what, text, message) => {
    expect(() => readManifest(Buffer.from(text), origin)).toThrow(message);
  });

  it('reads lists, and knows a pod by its content and where it comes from', () => {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'PodList', items: [{ metadata: { name: 'a' }, spec: { containers: [{ name: 'a' }] } }] });
    const [one] = readManifest(Buffer.from(list), origin);
    expect(one?.metadata).toMatchObject({ name: 'a-n1', namespace: 'default' });
    expect(readManifest(Buffer.from(list), origin)[0]?.metadata.uid).toBe(one?.metadata.uid);
    expect(readManifest(Buffer.from(list), { ...origin, location: '/m/b.yaml' })[0]?.metadata.uid).not.toBe(one?.metadata.uid);
  });
});
