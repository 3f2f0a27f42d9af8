import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, TestCluster } from './harness/cluster';
import { NodeTwoExtender, schedulerConfiguration } from './suites/scheduler-configuration';
import { schedulerPlugin } from './suites/scheduler-plugin';
import { scheduling } from './suites/scheduling';

jest.setTimeout(180_000);

/** With the sample plug-in of examples/, and an HTTP extender, beside the scheduler. */
describe('scheduling, on simulated nodes', () => {
  const directory = mkdtempSync(join(tmpdir(), 'navarch-scheduling-'));
  const configuration = join(directory, 'scheduler.yaml');
  const cluster = new TestCluster('e2e-sched', ['--runtime', 'simulated', '--flag', `scheduler:--config=${configuration}`]);
  const extender = new NodeTwoExtender();
  let sample: ChildProcess;

  beforeAll(async () => {
    const socket = `unix://${directory}/rooms/plugin.sock`;
    sample = spawn(process.execPath, ['--import', 'tsx', join(root, 'examples/scheduler-plugin/plugin.ts'), socket], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => sample.stdout?.once('data', resolve));
    await extender.start();
    writeFileSync(configuration, extender.configure(readFileSync(join(root, 'examples/scheduler-plugin/scheduler.yaml'), 'utf8').replace('unix:///tmp/rooms/plugin.sock', socket)));
    await cluster.down('--purge');
    await cluster.up();
  });
  afterAll(async () => {
    await cluster.down('--purge');
    sample.kill('SIGKILL');
    await extender.stop();
    rmSync(directory, { recursive: true });
  });

  describe('in a whole cluster', () => scheduling(cluster));

  schedulerPlugin(cluster);

  describe('as its configuration says', () => schedulerConfiguration(cluster, extender));
});
