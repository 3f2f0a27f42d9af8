import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@navarch/testing';
import { Background } from './harness/background';
import { root, TestCluster } from './harness/cluster';

jest.setTimeout(300_000);

interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName?: string };
}

/** Parts swapped as the pages of examples/swap say, all at once: no default scheduler, no ReplicaSet controller of ours, transactions as kine knows them, simulated containers. */
describe('a cluster with swapped parts', () => {
  const name = 'e2e-swap';
  const cluster = new TestCluster(name, [
    '--runtime', 'simulated', '--flag', 'scheduler:--scheduler-name=spare', '--flag', 'controller-manager:--controllers=*,-replicaset-controller', '--flag', 'apiserver:--etcd-transactions=single',
  ]);
  const directory = join(root, '.navarch', name);
  const swap = (file: string): string => join(root, 'examples/swap', file);
  const running: Background[] = [];
  const start = (command: string, args: readonly string[]): Background => {
    const program = Background.start(command, args, cluster.env);
    running.push(program);
    return program;
  };
  const tsx = ['--import', 'tsx'];
  let grpc: string;
  let rest: string;

  const create = async (deployment: string, schedulerName: string, replicas: number): Promise<void> => {
    const made = JSON.parse(await cluster.kubectl(`create deployment ${deployment} --image=navarch.local/web:1 --replicas=${replicas} --dry-run=client -o json`)) as { spec: { template: { spec: object } } };
    made.spec.template.spec = { ...made.spec.template.spec, schedulerName };
    await cluster.kubectl('apply -f -', { input: JSON.stringify(made) });
  };
  const pods = async (app: string): Promise<Pod[]> => (JSON.parse(await cluster.kubectl(`get pods -l app=${app} -o json`)) as { items: Pod[] }).items;
  const perNode = async (app: string): Promise<number[]> => {
    const counts = new Map<string, number>();
    for (const { spec } of await pods(app)) counts.set(spec.nodeName ?? '', (counts.get(spec.nodeName ?? '') ?? 0) + 1);
    return [...counts.values()];
  };

  beforeAll(async () => {
    await cluster.launcher('down', '--purge');
    await cluster.up();
    const { ports } = JSON.parse(readFileSync(join(directory, 'cluster.json'), 'utf8')) as { ports: { apiserver: number; apiserverGrpc: number } };
    rest = `https://127.0.0.1:${ports.apiserver}`;
    grpc = `127.0.0.1:${ports.apiserverGrpc}`;
  });
  afterAll(async () => {
    for (const program of running) await program.stop();
    await cluster.down('--purge');
  });

  it('makes no pods without its ReplicaSet controller, and does with one of one\'s own', async () => {
    await create('web', 'tiny', 4);
    await cluster.until(async () => expect(await cluster.kubectl('get replicasets -l app=web -o name')).not.toBe(''));
    expect(await pods('web')).toEqual([]);
    start(process.execPath, [swap('controller/replicasets.mjs')]);
    await cluster.until(async () => expect(await pods('web')).toHaveLength(4));
  });

  it('places nothing without a scheduler, and does with one in TypeScript', async () => {
    expect((await pods('web')).map(({ spec }) => spec.nodeName)).toEqual([undefined, undefined, undefined, undefined]);
    const scheduler = start(process.execPath, [...tsx, swap('scheduler/scheduler.ts'), grpc, join(directory, 'pki')]);
    await cluster.kubectl('rollout status deployment/web --timeout=180s');
    expect(await perNode('web')).toEqual([2, 2]);
    expect(scheduler.said.match(/runs on node-/g)).toHaveLength(4);
  });

  it('rolls out and scales by the two', async () => {
    await cluster.kubectl('set image deployment/web web=navarch.local/web:2');
    await cluster.kubectl('rollout status deployment/web --timeout=180s');
    await cluster.kubectl('scale deployment web --replicas=1');
    await cluster.until(async () => expect(await pods('web')).toHaveLength(1));
  });

  it('places pods with a scheduler in Python', async () => {
    await create('snake', 'snake', 4);
    start('/usr/bin/python3', [swap('scheduler/scheduler.py'), grpc, join(directory, 'pki'), 'snake']);
    await cluster.kubectl('rollout status deployment/snake --timeout=180s');
    expect((await perNode('snake')).reduce((sum, count) => sum + count, 0)).toBe(4);
  });

  it.each([
    ['object-service', []],
    ['node-service', []],
    ['cri-runtime', ['--target', `unix:///run/navarch/${name}/node-1.sock`, '--offers', 'addresses', '--offers', 'events', '--offers', 'simulation']],
  ])('passes the contract of %s, tried from outside', async (component, options) => {
    const { code, stdout } = await cluster.launcher('contract', component, ...options);
    expect([code, stdout.split('\n').filter((line) => line.startsWith('✘'))]).toEqual([0, []]);
    expect(stdout).toMatch(/[1-9]\d* hold, 0 do not, \d+ not tried/);
  });

  it('is told by the kit that the scheduler in TypeScript treats the object service as it should', async () => {
    const [address, pki] = [`127.0.0.1:${await freePort()}`, join(directory, 'pki')];
    const tls = ['--ca', 'ca.crt', '--cert', 'apiserver.crt', '--key', 'apiserver.key'].map((word) => (word.startsWith('--') ? word : join(pki, word)));
    const kit = cluster.launcher('contract', 'object-client', '--target', address, ...tls, '--offers', 'writes');
    // It is awaited; until then nobody listens, which it takes like any other fault.
    const scheduler = start(process.execPath, [...tsx, swap('scheduler/scheduler.ts'), address, pki]);
    const { code, stdout } = await kit;
    await scheduler.stop();
    expect([code, stdout]).toEqual([0, expect.stringContaining('10 hold, 0 do not, 0 not tried')]);
  });

  it('is told by the kit what a scheduler plug-in gets wrong, with an exit code', async () => {
    const address = `unix:///run/navarch/${name}/plugin.sock`;
    const plugin = start(process.execPath, [...tsx, join(root, 'examples/scheduler-plugin/plugin.ts'), address]);
    await cluster.until(() => (plugin.said === '' ? Promise.reject(new Error('the plug-in does not listen')) : Promise.resolve()));
    expect(await cluster.launcher('contract', 'scheduler-plugin', '--target', address)).toMatchObject({ code: 0 });
    // The object service is no plug-in at all.
    const wrong = await cluster.launcher('contract', 'scheduler-plugin', '--target', `unix:///run/navarch/${name}/node-1.sock`);
    expect([wrong.code, wrong.stdout]).toEqual([1, expect.stringMatching(/✘ names itself.*UNIMPLEMENTED[\s\S]*do not/)]);
  });

  it('shows by tap what crosses every process, and no secret', async () => {
    const taps = cluster
      .processes()
      .map((process_) => process_.name)
      .filter((process_) => !/^(etcd|nats)/.test(process_))
      .map((process_) => ({ process_, tap: start(process.execPath, [join(root, 'tools/launch.mjs'), 'tap', process_, '--name', name]) }));
    const said = (process_: string): string => taps.find((entry) => entry.process_ === process_)?.tap.said ?? '';
    await cluster.until(() => {
      for (const quiet of ['apiserver', 'scheduler', 'controller-manager', 'kubelet@node-1']) expect(said(quiet)).not.toBe('');
      return Promise.resolve();
    });
    const planted = `planted-${Date.now()}-in-a-secret`;
    await cluster.kubectl(`create secret generic planted --from-literal=password=${planted}`);
    await cluster.kubectl('get secret planted -o yaml');
    const token = (await cluster.kubectl('create token default')).trim();
    const stranger = await cluster.tryKubectl(`get pods --token=${token} --kubeconfig=/dev/null --server=${rest} --certificate-authority=${join(directory, 'pki/ca.crt')}`);
    expect(stranger.stderr).toContain('system:serviceaccount:default:default');
    const pod = {
      apiVersion: 'v1', kind: 'Pod', metadata: { name: 'keeper', annotations: { 'example.com/note': planted } },
      spec: { schedulerName: 'tiny', containers: [{ name: 'main', image: 'navarch.local/web:1', args: ['--password=$(PASSWORD)'], env: [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'planted', key: 'password' } } }] }] },
    };
    await cluster.kubectl('apply -f -', { input: JSON.stringify(pod) });
    await cluster.kubectl('wait --for=condition=Ready pod/keeper --timeout=180s');
    await cluster.kubectl(`exec keeper -- echo ${planted}`);
    await cluster.until(() => {
      const all = taps.map(({ tap }) => tap.said).join('');
      for (const shown of [
        /rest POST \/api\/v1\/namespaces\/default\/serviceaccounts\/default\/token/,
        /grpc \/runtime.v1.RuntimeService\/CreateContainer/,
        /grpc \/navarch.node.v1.NodeService\/Exec/,
        /nats change.core.pods/,
        /nats heartbeat/,
      ]) expect(all).toMatch(shown);
      return Promise.resolve();
    });
    const all = taps.map(({ tap }) => tap.said).join('');
    expect([...secretsOf(directory), planted, Buffer.from(planted).toString('base64'), token].filter((secret) => all.includes(secret))).toEqual([]);
  });
});

/** Values of keys that a local cluster keeps: PEM bodies, tokens, seeds. */
function secretsOf(directory: string): string[] {
  const files = (readdirSync(join(directory, 'pki'), { recursive: true }) as string[]).map((file) => join(directory, 'pki', file)).filter((file) => /\.(key|seed|nk|creds|token)$|seed|token/.test(file) && statSync(file).isFile());
  const secrets = files.flatMap((file) => readFileSync(file, 'utf8').split('\n')).filter((line) => line.length >= 16 && !line.startsWith('-----'));
  if (secrets.length === 0) throw new Error('no secret was found to look for');
  return secrets;
}
