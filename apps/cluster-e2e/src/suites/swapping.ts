import { network, serviceOf, type ComposeCluster } from '../harness/compose-cluster';
import { fetchText } from '../harness/fetch-text';

const swap = (file: string): string => `examples/swap/${file}`;

interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName?: string };
}

/**
 * Parts of a running cluster of one of each and two nodes are swapped one after the other by the override files of examples/swap; at the end all of them are.
 * @param base what is laid over docker-compose.yml before
 */
export function swapping(cluster: ComposeCluster, ...base: string[]): void {
  const laid = (...over: string[]): ComposeCluster => cluster.with(...base, ...over);
  const node = `${network}.12`;
  const files: string[] = [];

  /** Lays one more file over the cluster, and lets compose do what it asks for. */
  const lay = async (file: string, ...services: string[]): Promise<void> => {
    files.push(swap(file));
    await laid(...files).compose('up', '-d', '--no-build', ...services);
  };
  const pods = async (app: string): Promise<Pod[]> => (JSON.parse(await cluster.kubectl(`get pods -l app=${app} -o json`)) as { items: Pod[] }).items;
  const nodeOf = async (app: string): Promise<(string | undefined)[]> => (await pods(app)).map(({ spec }) => spec.nodeName);
  const deploy = async (name: string, replicas: number, more: object = {}): Promise<void> => {
    const made = JSON.parse(await cluster.kubectl(`create deployment ${name} --image=navarch.local/web:1 --replicas=${replicas} --dry-run=client -o json`)) as { spec: { template: { spec: object } } };
    made.spec.template.spec = { ...made.spec.template.spec, ...more };
    await cluster.until(() => cluster.kubectl('apply -f -', { input: JSON.stringify(made) }));
  };
  const isRolledOut = (name: string): Promise<string> => cluster.kubectl(`rollout status deployment/${name} --timeout=180s`);
  const nodePort = (name: string): Promise<string> => cluster.kubectl(`get service ${name} -o jsonpath={.spec.ports[0].nodePort}`);
  const rulesOf = (mode: 'nftables' | 'iptables'): Promise<string> => cluster.exec('proxy-2', ...(mode === 'nftables' ? ['nft', 'list', 'tables'] : ['iptables-save', '-t', 'nat']));

  beforeAll(async () => {
    for (const file of ['scheduler/docker-compose.override.yml', 'scheduler/docker-compose.python.yml']) await laid(swap(file)).compose('build', '--quiet', 'tiny-scheduler');
    await laid(swap('controller/docker-compose.override.yml')).compose('build', '--quiet', 'replicasets');
    await laid(swap('proxy/docker-compose.own.yml')).compose('build', '--quiet', 'data-plane-2');
    await deploy('served', 1, { nodeSelector: { 'kubernetes.io/hostname': 'node-2' } });
    await isRolledOut('served');
    await cluster.kubectl('expose deployment served --type=NodePort --port=80');
  });

  /** docker-compose 1.29 leaves alone who shares the network of what it replaces. */
  const joinNewApiserver = (): Promise<string> => cluster.compose('up', '-d', '--no-build', '--no-deps', '--force-recreate', 'routes');

  it('store: writes in transactions of one key go on with what was there', async () => {
    await lay('store/docker-compose.override.yml', 'apiserver');
    await joinNewApiserver();
    await cluster.until(async () => expect(await cluster.kubectl('get deployment served -o name')).toBe('deployment.apps/served\n'));
    expect(await cluster.exec('apiserver', 'printenv', 'NAVARCH_ETCD_TRANSACTIONS')).toBe('single\n');
    await cluster.kubectl('create configmap single --from-literal=n=1');
    await cluster.kubectl('create service nodeport single --tcp=80');
    const port = await nodePort('single');
    const taken = await cluster.tryKubectl(`create service nodeport other --tcp=80 --node-port=${port}`);
    expect(taken.stderr).toContain('provided port is already allocated');
    expect([...(await cluster.stored('etcd', '/registry/core/configmaps/default/single')).keys()]).toHaveLength(1);
  });

  it('controller: ReplicaSets are kept by a process of one\'s own', async () => {
    await lay('controller/docker-compose.override.yml');
    await deploy('own', 2);
    await isRolledOut('own');
    // It is this process and no other: without it, nothing happens.
    await cluster.compose('stop', 'replicasets');
    await cluster.kubectl('scale deployment own --replicas=3');
    await cluster.until(async () => expect(await cluster.kubectl('get replicasets -l app=own -o jsonpath={.items[0].spec.replicas}')).toBe('3'));
    expect(await pods('own')).toHaveLength(2);
    await cluster.compose('start', 'replicasets');
    await cluster.until(async () => expect(await pods('own')).toHaveLength(3));
  });

  it.each(['docker-compose.override.yml', 'docker-compose.python.yml'])('scheduler: %s places pods', async (file) => {
    const name = file.includes('python') ? 'snake' : 'tiny';
    await lay(`scheduler/${file}`);
    await deploy(name, 4);
    await isRolledOut(name);
    expect((await nodeOf(name)).sort()).toContain('node-2');
    const said = await cluster.logs('tiny-scheduler');
    for (const { metadata, spec } of await pods(name)) expect(said).toContain(`default/${metadata.name} runs on ${spec.nodeName ?? 'nowhere'}`);
  });

  it('proxy: another back end takes over what Services need', async () => {
    const answers = (): Promise<void> => cluster.until(async () => expect(await fetchText(`http://${node}:${await nodePort('served')}/`)).toContain('web:1'));
    await answers();
    const clusterIp = await cluster.kubectl('get service served -o jsonpath={.spec.clusterIP}');
    expect([await rulesOf('nftables'), await rulesOf('iptables')]).toEqual([expect.stringContaining('navarch-proxy'), expect.not.stringContaining(clusterIp)]);
    await lay('proxy/docker-compose.override.yml', 'proxy-2');
    await cluster.until(async () => expect([await rulesOf('nftables'), await rulesOf('iptables')]).toEqual([expect.not.stringContaining('navarch-proxy'), expect.stringContaining(clusterIp)]));
    await answers();
  });

  it('proxy: a back end of one\'s own, in another process, does so too', async () => {
    const clusterIp = await cluster.kubectl('get service served -o jsonpath={.spec.clusterIP}');
    await lay('proxy/docker-compose.own.yml', 'proxy-2', 'data-plane-2');
    await cluster.until(async () => expect([await rulesOf('nftables'), await rulesOf('iptables')]).toEqual([expect.stringContaining('own-data-plane'), expect.not.stringContaining(clusterIp)]));
    await cluster.until(async () => expect(await fetchText(`http://${node}:${await nodePort('served')}/`)).toContain('web:1'));
    // What changes afterwards is carried too: a Service without endpoints refuses, and answers again.
    await cluster.kubectl('scale deployment served --replicas=0');
    await cluster.until(async () => expect(fetchText(`http://${node}:${await nodePort('served')}/`)).rejects.toThrow());
    await cluster.kubectl('scale deployment served --replicas=1');
    await cluster.until(async () => expect(await fetchText(`http://${node}:${await nodePort('served')}/`)).toContain('web:1'), 120_000);
  });

  it('runtime: a node goes on with simulated containers', async () => {
    const runtime = (): Promise<string> => cluster.kubectl('get node node-2 -o jsonpath={.status.nodeInfo.containerRuntimeVersion}');
    expect(await runtime()).toContain('containerd://');
    await lay('runtime/docker-compose.override.yml', 'node-2', 'proxy-2', 'data-plane-2');
    await cluster.until(async () => expect(await runtime()).toContain('navarch-fake://'), 120_000);
    await deploy('simulated', 1, { nodeName: 'node-2' });
    await isRolledOut('simulated');
    await cluster.until(async () => expect(await cluster.kubectl('exec deployment/simulated -- hostname')).toMatch(/^simulated-/), 120_000);
  });

  it('are taken away again, and the parts of the cluster do their work as before', async () => {
    await laid().compose('up', '-d', '--no-build', '--remove-orphans', 'apiserver');
    await joinNewApiserver();
    await cluster.compose('up', '-d', '--no-build');
    expect((await cluster.containers()).map(serviceOf).filter((service) => ['replicasets', 'tiny-scheduler', 'data-plane-2'].includes(service))).toEqual([]);
    await deploy('back', 2, { nodeSelector: { 'kubernetes.io/hostname': 'node-1' } });
    await cluster.until(() => isRolledOut('back'));
    expect(await nodeOf('back')).toEqual(['node-1', 'node-1']);
    expect(await cluster.kubectl('get events --field-selector=reason=Scheduled -o jsonpath={.items[*].source.component}')).toContain('default-scheduler');
  });
}
