import { TestCluster } from './harness/cluster';
import { readmeCommands } from './harness/readme';
import { boundaries } from './suites/boundaries';
import { rollouts } from './suites/rollouts';

jest.setTimeout(300_000);

/** The skeleton that walks: everything but real containers. What it does when its parts fail is in faults.e2e.spec.ts. */
describe('a cluster of simulated nodes', () => {
  const cluster = new TestCluster('e2e-sim', ['--runtime', 'simulated', '--flag', 'controller-manager:--horizontal-pod-autoscaler-sync-period=2s']);

  beforeAll(async () => {
    await cluster.launcher('down', '--purge');
    await cluster.up();
  });
  afterAll(() => cluster.down('--purge'));

  it('has two Ready nodes', async () => {
    const nodes = await cluster.kubectl('get nodes --no-headers');
    expect(nodes.match(/ Ready /g)).toHaveLength(2);
  });

  it('runs a deployment on both', async () => {
    await cluster.kubectl('create deployment web --image=navarch.local/web:1 --replicas=3');
    await cluster.kubectl('rollout status deployment/web --timeout=180s');
    const nodes = await cluster.kubectl('get pods -l app=web -o jsonpath={.items[*].spec.nodeName}');
    expect(new Set(nodes.split(' '))).toEqual(new Set(['node-1', 'node-2']));
  });

  it('tells since when endpoints are what they are', async () => {
    await cluster.kubectl('expose deployment web --port=80');
    const times = 'jsonpath={range .items[*]}{.metadata.annotations.endpoints\\.kubernetes\\.io/last-change-trigger-time} {end}';
    const triggered = async (args: string): Promise<string> => (await cluster.kubectl(`get ${args} -o '${times}'`)).trim();
    const made = await cluster.kubectl('get service web -o jsonpath={.metadata.creationTimestamp}');
    for (const args of ['endpointslices -l kubernetes.io/service-name=web', 'endpoints -l app=web']) await cluster.until(async () => expect(await triggered(args)).toBe(made));
  });

  it('says so when it is started twice', async () => {
    const again = await cluster.launcher('up');
    expect(again.code).not.toBe(0);
    expect(again.stderr).toContain('is running already');
  });

  describe('whose workloads change', () => rollouts(cluster));

  describe('looked into as the README says', () => {
    let ports = '';
    beforeAll(async () => {
      ports = (await cluster.launcher('status')).stdout.replaceAll('│', '');
    });

    /** The README speaks of the default cluster; this is another, beside it. */
    function here(line: string): string {
      const grpc = /apiserver.*? (\d+) (\d+) /.exec(ports)?.[2] ?? '';
      return line.replaceAll('.navarch/navarch/', `.navarch/${cluster.name}/`).replaceAll('127.0.0.1:6444', `127.0.0.1:${grpc}`)
        .replace(/npm run tap -- (\S+( pods)?)/, `npm run tap -- $1 --name ${cluster.name}`)
        .replace(/(nats-sub\.mjs '[^']+')/, `$1 127.0.0.1:${grpc} .navarch/${cluster.name}/pki`);
    }
    boundaries(cluster, readmeCommands('Looking into the boundaries'), here);
  });
});
