import { Background } from '../harness/background';
import { type ComposeCluster, serviceOf } from '../harness/compose-cluster';
import type { Container } from '../harness/docker-engine';
import { scanImages } from '../harness/image-scan';
import { must } from '../harness/shell';
import { useIdentity } from '../harness/identity-use';

const megabyte = 1_000_000;
const images = ['apiserver', 'controller-manager', 'scheduler', 'dns', 'metrics-server', 'ingress', 'node', 'navarch'].map((name) => `navarch/${name}:0.1.0`);

/** What a container may have that starts with nothing; all others have none of it. */
const capabilities: Readonly<Record<string, readonly string[]>> = {
  'proxy-1': ['NET_ADMIN'], 'proxy-2': ['NET_ADMIN'], 'routes-1': ['NET_ADMIN'], 'routes-2': ['NET_ADMIN'], 'routes-3': ['NET_ADMIN'],
};
const privileged = ['node-1', 'node-2'];
/** They change what the kernel does, and all but nodes have lost root's other rights. */
const asRoot = [...privileged, ...Object.keys(capabilities)];
const apiservers = ['apiserver-1', 'apiserver-2', 'apiserver-3'];
/** They end when their work is done. */
const once = ['bootstrap', 'pki'];

/** What a cluster's containers can do, and what can be found in and around them. */
export function confinement(cluster: ComposeCluster): void {
  let containers: Container[];
  let running: Container[];
  beforeAll(async () => {
    containers = await cluster.containers();
    running = containers.filter((container) => !once.includes(serviceOf(container)));
  });
  const services = (which: (container: Container) => boolean, of = running): string[] => of.filter(which).map(serviceOf).sort();

  it('drops every right that a container does not need', () => {
    expect(services(({ HostConfig }) => HostConfig.Privileged)).toEqual(privileged);
    const confined = running.filter((container) => !privileged.includes(serviceOf(container)));
    expect(services(({ HostConfig }) => HostConfig.CapDrop?.includes('ALL') !== true, confined)).toEqual([]);
    expect(Object.fromEntries(confined.filter(({ HostConfig }) => (HostConfig.CapAdd ?? []).length > 0).map((container) => [serviceOf(container), container.HostConfig.CapAdd]))).toEqual(capabilities);
    expect(services(({ HostConfig }) => !HostConfig.ReadonlyRootfs, confined)).toEqual([]);
    expect(services(({ HostConfig }) => HostConfig.SecurityOpt?.includes('no-new-privileges:true') !== true, confined)).toEqual([]);
  });

  it('runs as no root where the work allows', async () => {
    const rootful: string[] = [];
    for (const container of running) if (/^Uid:\s+0\s/m.test(await must('cat', [`/proc/${container.State.Pid}/status`]))) rootful.push(serviceOf(container));
    expect(rootful.sort()).toEqual([...asRoot].sort());
  });

  it('watches the health of all that stays, which is well, and starts it again', async () => {
    expect(services(({ State }) => State.Health === undefined)).toEqual([]);
    expect(services(({ HostConfig }) => HostConfig.RestartPolicy.Name !== 'unless-stopped')).toEqual([]);
    await cluster.untilAllWell();
  });

  it('has small images', async () => {
    const sizes = await Promise.all(images.map(async (image) => [image, Number(await must('docker', ['image', 'inspect', '--format', '{{.Size}}', image])) / megabyte] as const));
    process.stdout.write(`${sizes.map(([image, size]) => `${image.padEnd(36)} ${size.toFixed(0).padStart(5)} MB`).join('\n')}\n`);
    expect(new Map(sizes).get('navarch/apiserver:0.1.0')).toBeLessThan(250);
  });

  it('brings nothing of its own that was built for one architecture', async () => {
    // The image of nodes has the packages of all.
    expect(await cluster.exec('node-1', 'find', '/navarch', '-name', '*.node')).toBe('');
  });

  it('has no secret in a layer of an image', async () => {
    const { bytes, findings } = await scanImages(images);
    expect(bytes).toBeGreaterThan(100 * megabyte);
    expect(findings).toEqual([]);
  });

  it('has no secret in logs, environments and arguments', async () => {
    const secrets = await ownSecrets(cluster);
    expect(secrets.length).toBeGreaterThan(20);
    const places = { logs: await cluster.logs(), containers: JSON.stringify(containers), configuration: await cluster.compose('config') };
    expect(places.logs.length).toBeGreaterThan(1000);
    for (const [place, text] of Object.entries(places)) expect([place, secrets.filter(({ value }) => text.includes(value)).map(({ name }) => name)]).toEqual([place, []]);
  });

  it('sends no secret over NATS, and shows none to who taps its apiservers', async () => {
    const number = Date.now();
    const marker = `w0rd-${number}`;
    const last = `last-${number}`;
    const encoded = Buffer.from(marker).toString('base64');
    const identity = { cert: '/pki/controller-manager.crt', key: '/pki/controller-manager.key', ca: '/pki/ca.crt' };
    // The controller-manager may hear all there is. Six changes of what is replaced last: whenever it began to listen, a round was wholly heard.
    const hearing = useIdentity(cluster, 'controller-manager-1', identity, { listen: ['change.>', 'bookmark.>', 'heartbeat.*', 'usage.*'], until: last, times: 6 });
    const taps = await Promise.all(apiservers.map(async (service) => Background.start('docker', ['exec', await cluster.container(service), 'node', 'tools/tap.mjs', '/tmp/tap.sock'])));
    let heardAll = false;
    void hearing.finally(() => (heardAll = true));
    await cluster.until(async () => {
      const objects = [
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'told' }, stringData: { word: marker } },
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'told' }, data: { word: marker } },
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: last } },
      ];
      for (const object of objects) await cluster.kubectl('replace --force -f -', { input: JSON.stringify(object) });
      if (!heardAll) throw new Error('not heard yet');
    });
    const { heard } = await hearing;
    const about = heard.filter(({ subject }) => subject.endsWith('.told'));
    expect(new Set(about.map(({ subject }) => subject.split('.')[2]))).toEqual(new Set(['secrets', 'configmaps']));
    expect(heard.filter(({ data }) => data.includes(marker) || data.includes(encoded)).map(({ subject }) => subject)).toEqual([]);
    const tapped = taps.map(({ said }) => said).join('');
    await Promise.all(taps.map((tap) => tap.stop()));
    await Promise.all(apiservers.map((service) => cluster.endInside(service, 'tools/tap.mjs')));
    for (const shown of [/POST \/api\/v1\/namespaces\/default\/secrets/, /DELETE \/api\/v1\/namespaces\/default\/secrets\/told/]) expect(tapped).toMatch(shown);
    const hidden = [{ name: 'the word', value: marker }, { name: 'the word in base64', value: encoded }, ...await ownSecrets(cluster)];
    expect(hidden.filter(({ value }) => tapped.includes(value)).map(({ name }) => name)).toEqual([]);
    await cluster.kubectl(`delete secret/told configmap/told configmap/${last}`);
  });
}

/** Every key, seed and token that the cluster was made with: pieces of them that nothing else could have in it. */
async function ownSecrets(cluster: ComposeCluster): Promise<{ readonly name: string; readonly value: string }[]> {
  const listed = await cluster.compose(
    'run',
    '--rm',
    '-T',
    '--no-deps',
    '--entrypoint',
    'sh',
    'pki',
    '-c',
    'cd /pki && for file in $(find . -name "*.key" -o -name "*.seed" -o -name "bootstrap-token"); do echo "== $file"; cat "$file"; echo; done',
  );
  return listed.split('== ').slice(1).flatMap((part) => {
    const [name = '', ...lines] = part.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('-----'));
    // Keys of one kind begin alike: the last full line is the key's own. A token's secret is what follows the dot.
    const value = lines.length > 1 ? lines.at(-2) : lines[0]?.split('.').at(-1);
    return value === undefined ? [] : [{ name, value }];
  });
}
