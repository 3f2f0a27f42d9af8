import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOciArchive } from '@navarch/testing';
import { root, TestCluster } from './harness/cluster';
import { dockerSave } from './harness/docker-save';
import { fetchText } from './harness/fetch-text';
import { hostState, leftovers, type HostState } from './harness/host-state';
import { must } from './harness/shell';

jest.setTimeout(240_000);

const cluster = new TestCluster('e2e-life');
const beside = new TestCluster('e2e-beside', ['--nodes', '1']);
const ours = [cluster.name, beside.name];
const state = join(root, '.navarch', cluster.name);
const nodes = ['node-1', 'node-2'];
const scratch = mkdtempSync(join(tmpdir(), 'navarch-life-'));

const runs = (pod: string): Promise<void> => cluster.until(async () => expect(await cluster.kubectl(`get pod ${pod} -o jsonpath={.status.phase}`)).toBe('Running'));
const readyCount = (of: TestCluster): Promise<number> => of.kubectl('get nodes --no-headers').then((text) => text.match(/ Ready /g)?.length ?? 0);
/** Tasks that containerd itself runs on all nodes: a sandbox and its containers each. */
const runningTasks = async (): Promise<number> => {
  const lists = await Promise.all(nodes.map((name) => must('ctr', ['--address', `/run/navarch/${cluster.name}/${name}.sock`, '--namespace', 'k8s.io', 'tasks', 'list'])));
  return lists.join('').match(/RUNNING/g)?.length ?? 0;
};
const reservedAddresses = (): string[] => nodes.flatMap((name) => {
  const dir = join(state, 'nodes', name, 'cni/data/navarch');
  return existsSync(dir) ? readdirSync(dir).filter((file) => /^\d+\./.test(file)) : [];
});

/** All that a launcher's user does with a whole cluster, on one of real containers. */
describe('a cluster and its host', () => {
  let before: HostState;
  let printed = '';

  beforeAll(async () => {
    await cluster.down('--purge');
    await beside.down('--purge');
    before = await hostState();
    printed = await must('npm', ['--prefix', root, 'run', 'up', '--', '--name', cluster.name], { timeoutMs: 240_000 });
  });
  afterAll(async () => {
    await beside.down('--purge');
    await cluster.down('--purge');
    rmSync(scratch, { recursive: true, force: true });
  });

  it('has two nodes unless told otherwise, and says what to do with them and what it changed', async () => {
    expect(await readyCount(cluster)).toBe(2);
    expect(printed).toContain(`export KUBECONFIG=.navarch/${cluster.name}/kubeconfig`);
    expect(printed).toMatch(/✔ nodes Ready \(\d+\.\d s\)/);
    expect(printed).toMatch(/changed on this host: nftables table ip navarch-host-\d+ .*--purge undoes it/);
  });

  it('gives its user a kubeconfig that needs no other file and that nobody else can read', () => {
    expect(statSync(cluster.kubeconfig).mode & 0o777).toBe(0o600);
    const text = readFileSync(cluster.kubeconfig, 'utf8');
    for (const field of ['certificate-authority-data', 'client-certificate-data', 'client-key-data']) expect(text).toMatch(new RegExp(`${field}: \\S{100}`));
    expect(text.match(/- name:|- context:|- cluster:/g)).not.toBeNull();
    expect(text.match(/server:/g)).toHaveLength(1);
  });

  it('shows every process with its ports and health', async () => {
    const { code, stdout } = await cluster.launcher('status');
    expect(code).toBe(0);
    for (const name of ['etcd', 'nats', 'apiserver', 'controller-manager', 'scheduler', 'dns', 'network-agent', 'local-path']) expect(stdout).toMatch(new RegExp(`│ ${name} +│ +│ \\d+ +│ \\d`));
    for (const node of nodes) for (const name of ['containerd', 'kubelet', 'proxy', 'network-agent']) expect(stdout).toMatch(new RegExp(`│ ${name} +│ ${node} +│ \\d+ .*│ ok`));
    const doctor = await cluster.launcher('doctor');
    expect(doctor.stdout).not.toMatch(/^bad/m);
    expect(doctor.code).toBe(0);
  });

  it('loads archives of both kinds on all nodes', async () => {
    const archive = join(scratch, 'docker.tar');
    await dockerSave(readOciArchive(await cluster.imageArchive('web-1.tar')), 'example.test/saved:7', archive);
    const said = await must('npm', ['--prefix', root, 'run', 'image:load', '--', archive, '--name', cluster.name]);
    expect(said).toContain('example.test/saved:7 loaded on node-1, node-2');
    await cluster.kubectl('run saved --image=example.test/saved:7 --image-pull-policy=Never');
    await runs('saved');
    expect((await cluster.launcher('image-load', join(root, '.navarch/.cache/images/web-2.tar'))).stdout).toContain('navarch.local/web:2 loaded on node-1, node-2');
    writeFileSync(archive, 'no archive at all');
    const refused = await cluster.launcher('image-load', archive);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`${archive} is not a tar archive; an OCI or docker save archive is wanted`);
    await must('tar', ['-C', root, '-cf', archive, 'package.json']);
    expect((await cluster.launcher('image-load', archive)).stderr).toMatch(/docker\.tar cannot be loaded: unrecognized image format/);
    expect((await cluster.launcher('image-load', join(scratch, 'none.tar'))).stderr).toContain('none.tar: no such file');
    await cluster.kubectl('delete pod saved --grace-period=0 --force');
  });

  it('has room for another cluster beside it', async () => {
    await beside.up();
    expect(await readyCount(beside)).toBe(1);
    await beside.kubectl('run other --image=navarch.local/web:1');
    await beside.until(async () => expect(await beside.kubectl('get pod other -o jsonpath={.status.phase}')).toBe('Running'));
    const address = (of: TestCluster): Promise<string> => of.kubectl('get node node-1 -o jsonpath={.status.addresses[0].address},{.spec.podCIDR}');
    const [[ip, pods], [otherIp, otherPods]] = [(await address(cluster)).split(','), (await address(beside)).split(',')];
    expect(otherIp).not.toBe(ip);
    expect(otherPods?.split('.').slice(0, 2)).not.toEqual(pods?.split('.').slice(0, 2));
    const undone = await beside.down('--purge');
    expect(undone).not.toContain('ip_forward');
    expect(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim()).toBe('1');
    expect((await cluster.launcher('status')).code).toBe(0);
  });

  it('comes back with the same objects running after down and up, and after its supervisor was killed', async () => {
    await cluster.kubectl(`apply -f ${join(root, 'examples/web.yaml')}`);
    await cluster.kubectl('rollout status deployment/web --timeout=180s');
    const uids = await cluster.kubectl('get pods -l app=web -o jsonpath={.items[*].metadata.uid}');
    const port = await cluster.kubectl('get service web -o jsonpath={.spec.ports[0].nodePort}');
    const isBack = async (restarts: number): Promise<void> => {
      await cluster.kubectl('rollout status deployment/web --timeout=180s');
      await cluster.until(async () => expect(await cluster.kubectl('get pods -l app=web -o jsonpath={.items[*].status.containerStatuses[0].restartCount}')).toBe([restarts, restarts, restarts].join(' ')));
      expect(await cluster.kubectl('get pods -l app=web -o jsonpath={.items[*].metadata.uid}')).toBe(uids);
      // Nothing twice: three pods are three sandboxes, three containers, three addresses.
      await cluster.until(async () => expect(await runningTasks()).toBe(6));
      expect(reservedAddresses().sort()).toEqual((await cluster.kubectl('get pods -o jsonpath={.items[*].status.podIP}')).split(' ').sort());
      await cluster.until(async () => expect(await fetchText(`http://${await cluster.nodeIp('node-2')}:${port}/`)).toContain('web:1'));
      const pod = await cluster.kubectl('get pods -l app=web -o jsonpath={.items[0].metadata.name}');
      await cluster.until(async () => expect(await cluster.kubectl(`exec ${pod} -- wget -q -O- http://web`)).toContain('web:1'));
    };
    await isBack(0);

    await cluster.down();
    expect(leftovers(before, await hostState(), ours).filter((line) => /^(process|network namespace|mount|cgroup):/.test(line))).toEqual([]);
    expect((await cluster.launcher('status')).stdout).toContain('is down (2 nodes, containerd)');
    await cluster.up();
    await isBack(1);

    await killSupervisor();
    expect((await cluster.launcher('status')).stdout).toContain('was killed and');
    expect((await cluster.launcher('doctor')).stdout).toMatch(/^bad .*was killed/m);
    await cluster.up();
    await isBack(2);
  });

  it('leaves nothing on the host when it is purged, even by a supervisor that was killed', async () => {
    await killSupervisor();
    expect(await cluster.down('--purge')).toContain('undone on this host: nftables table ip navarch-host-');
    expect(leftovers(before, await hostState(), ours)).toEqual([]);
    expect(existsSync(state)).toBe(false);
  });

  async function killSupervisor(): Promise<void> {
    const { pid } = JSON.parse(readFileSync(join(state, 'processes.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await cluster.until(() => (existsSync(`/proc/${pid}`) ? Promise.reject(new Error(`${pid} lives`)) : Promise.resolve()));
  }
});
