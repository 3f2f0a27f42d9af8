import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, TestCluster } from './harness/cluster';
import { scheduling } from './suites/scheduling';

jest.setTimeout(180_000);

/** With the sample plug-in of examples/ beside the scheduler. */
describe('scheduling, on simulated nodes', () => {
  const directory = mkdtempSync(join(tmpdir(), 'navarch-scheduling-'));
  const configuration = join(directory, 'scheduler.yaml');
  const cluster = new TestCluster('e2e-sched', ['--runtime', 'simulated', '--flag', `scheduler:--config=${configuration}`]);
  let sample: ChildProcess;

  beforeAll(async () => {
    const socket = `unix://${directory}/rooms.sock`;
    sample = spawn(process.execPath, ['--import', 'tsx', join(root, 'examples/scheduler-plugin/plugin.ts'), socket], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => sample.stdout?.once('data', resolve));
    writeFileSync(configuration, readFileSync(join(root, 'examples/scheduler-plugin/scheduler.yaml'), 'utf8').replace('unix:///tmp/rooms.sock', socket));
    await cluster.down('--purge');
    await cluster.up();
  });
  afterAll(async () => {
    await cluster.down('--purge');
    sample.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  });

  describe('in a whole cluster', () => scheduling(cluster));

  it('asks a plug-in in another process, and tells its reasons', async () => {
    await cluster.kubectl('label node node-2 example.com/room=cold');
    const inRoom = (name: string, room: string): Promise<string> => cluster.kubectl('apply -f -', {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name, annotations: { 'example.com/room': room } }, spec: { schedulerName: 'rooms', containers: [{ name: 'main', image: 'navarch.local/web:1' }] } }),
    });
    await inRoom('chilled', 'cold');
    await inRoom('soaked', 'wet');
    await cluster.until(async () => expect(await cluster.kubectl('get pod chilled -o jsonpath={.spec.nodeName}')).toBe('node-2'));
    await cluster.until(async () => expect(await cluster.kubectl(`get pod soaked -o 'jsonpath={.status.conditions[?(@.type=="PodScheduled")].message}'`)).toContain('0/2 nodes are available: 2 node(s) were not in room wet.'));
  });
});
