import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './harness/cluster';
import { ComposeCluster, serviceOf } from './harness/compose-cluster';
import { someKubectls } from './harness/kubectls';
import { must } from './harness/shell';
import { clients } from './suites/clients';
import { conformance } from './suites/conformance';
import { customResources } from './suites/custom-resources';
import { kubectlCommands } from './suites/kubectl-commands';
import { rollouts } from './suites/rollouts';
import { NodeTwoExtender, schedulerConfiguration } from './suites/scheduler-configuration';
import { schedulerPlugin } from './suites/scheduler-plugin';
import { scheduling } from './suites/scheduling';
import { workloads } from './suites/workloads';

jest.setTimeout(300_000);

const cluster = new ComposeCluster('simulated', 'simulated');

describe('the simulated cluster of docker-compose', () => {
  beforeAll(async () => {
    await cluster.down('--purge');
    await cluster.up();
  });
  afterAll(() => cluster.down('--purge'));

  const podIsRunning = (): Promise<void> => cluster.until(async () => expect(await cluster.kubectl('get pod one -o jsonpath={.status.phase}/{.spec.nodeName}')).toBe('Running/node-1'));

  it('is one of each, and nothing that stays is privileged', async () => {
    const containers = await cluster.containers();
    const running = containers.filter(({ State }) => State.Status === 'running');
    expect(running.map(serviceOf).sort()).toEqual(['apiserver', 'controller-manager-1', 'etcd', 'nats', 'scheduler-1', 'simulated-node']);
    expect(running.filter(({ HostConfig }) => HostConfig.Privileged || (HostConfig.CapAdd ?? []).length > 0).map(serviceOf)).toEqual([]);
    expect(running.find((container) => serviceOf(container) === 'simulated-node')?.Config.User).toBe('1000');
  });

  it('runs a pod', async () => {
    await cluster.kubectl('run one --image=navarch.local/web:1');
    await podIsRunning();
    // A node that joins runs pods before the certificate that it serves with has been signed.
    await cluster.until(async () => expect(await cluster.kubectl('exec one -- echo hello')).toBe('hello\n'));
  });

  it('passes the contract of the object service, tried from within its network as docs/compose.md says', async () => {
    const line = readFileSync(join(root, 'docs/compose.md'), 'utf8').split('\n').flatMap((row) => /^\| `(docker-compose run [^`]* contract object-service)`/.exec(row)?.[1] ?? [])[0] ?? '';
    const printed = await must('sh', ['-c', cluster.typed(line)], { timeoutMs: 120_000, env: { DOCKER_BUILDKIT: '0' } });
    expect(printed).toMatch(/[1-9]\d* hold, 0 do not, 0 not tried/);
  });

  clients(cluster);

  it('is well, as the engine finds that asks its containers', async () => {
    await cluster.until(async () => expect((await cluster.containers()).filter(({ State }) => State.Status === 'running' && State.Health?.Status !== 'healthy').map(serviceOf)).toEqual([]), 120_000);
  });

  it('has everything again after down and up', async () => {
    const uid = await cluster.kubectl('get pod one -o jsonpath={.metadata.uid}');
    await cluster.down();
    await cluster.up();
    expect(await cluster.kubectl('get pod one -o jsonpath={.metadata.uid}')).toBe(uid);
    await podIsRunning();
  });

  describe('with a second node, metrics-server and a plug-in beside the scheduler', () => {
    const extender = new NodeTwoExtender(cluster.hostAddress);
    beforeAll(async () => {
      await extender.start();
      // Where tools/compose/scheduler-configuration.yml looks for it.
      writeFileSync(join(cluster.kubeconfig, '../scheduler.yaml'), extender.configure(readFileSync(join(root, 'examples/scheduler-plugin/scheduler.yaml'), 'utf8')));
      await cluster.with('tools/compose/second-node.yml', 'examples/scheduler-plugin/docker-compose.override.yml', 'tools/compose/scheduler-configuration.yml').compose('build', '--quiet', 'rooms');
      await cluster.compose('up', '-d', '--no-build', 'simulated-node-2', 'metrics-server', 'scheduler-1');
      await cluster.untilReady(2);
    });

    afterAll(() => extender.stop());

    describe('and scheduling', () => scheduling(cluster));

    describe('and the plug-in:', () => schedulerPlugin(cluster));

    describe('and what else its configuration says:', () => schedulerConfiguration(cluster, extender));

    describe('and every command of the oldest and the newest kubectl', () => kubectlCommands(cluster, someKubectls));

    describe('and workloads', () => workloads(cluster));

    describe('and workloads that change', () => rollouts(cluster));

    describe('and custom resources', () => customResources(cluster));

    describe('conforms:', () => conformance(cluster));
  });

  it('is well', () => cluster.untilAllWell());
});
