import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { core, type corev1 } from '@navarch/api';
import { silentLogger } from '@navarch/component-base';
import { schedulerv1 } from '@navarch/proto';
import { RpcServer } from '@navarch/rpc';
import { eventually, makeTempDir, type TempDir } from '@navarch/testing';
import { SchedulerWorld } from '../testing/scheduler-world';
import { RemotePlugin } from './remote-plugin';

const root = join(__dirname, '../../../..');
const configuration = `
profiles:
- plugins: {multiPoint: {enabled: [{name: Rooms}]}}
  pluginConfig: [{name: Rooms, args: {kind: RemotePluginArgs, address: "unix:///replaced"}}]`;

const inRoomOf = (room: string) => (node: corev1.Node): void => {
  node.metadata.labels = { 'example.com/room': room };
};

describe('plug-in in another process', () => {
  let world: SchedulerWorld;
  let plugin: RemotePlugin;
  let directory: TempDir;
  let address: string;
  beforeEach(async () => {
    directory = await makeTempDir();
    address = `unix://${directory.path}/plugin.sock`;
  });
  afterEach(async () => {
    await world.stop();
    plugin.stop();
    await directory.remove();
  });

  const begin = async (more: { timeout?: string; failurePolicy?: 'Fail' | 'Ignore' } = {}): Promise<void> => {
    plugin = new RemotePlugin('Rooms', { address, ...more }, 1);
    world = new SchedulerWorld({ configuration, remote: () => plugin });
    world.node('a', '8', inRoomOf('warm'));
    world.node('b', '4', inRoomOf('cold'));
    await world.lead();
  };
  const inRoom = (name: string, room: string): void => {
    const metadata = { name, namespace: 'default', annotations: { 'example.com/room': room } };
    world.create(core.pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'main', image: 'image' }] } });
  };
  const until = (check: () => void): Promise<unknown> => eventually(async () => {
    await world.settle();
    check();
    return true;
  }, { timeoutMs: 20_000, intervalMs: 20 });

  it('is the sample: it filters, and its reasons are told', async () => {
    const sample = spawn(process.execPath, ['--import', 'tsx', join(root, 'examples/scheduler-plugin/plugin.ts'), address], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await new Promise((resolve) => sample.stdout.once('data', resolve));
      await begin({ timeout: '10s' });
      inRoom('one', 'cold');
      inRoom('two', 'wet');
      await until(() => expect(world.nodeOf('one')).toBe('b'));
      await until(() => expect(world.messageOf('two')).toContain('0/2 nodes are available: 2 node(s) were not in room wet. no new claims to deallocate, preemption: '));
    } finally {
      sample.kill('SIGKILL');
    }
  });

  it('reserves, and what it refuses is taken back', async () => {
    const said: string[] = [];
    const server = new RpcServer({ address }, { log: silentLogger }).add(schedulerv1.PluginServiceService, {
      describe: () => Promise.resolve({ name: 'Rooms', extensionPoints: [schedulerv1.ExtensionPoint.RESERVE], weight: 0 }),
      filter: () => Promise.reject(new Error('not announced')),
      score: () => Promise.reject(new Error('not announced')),
      reserve: ({ node }) => Promise.resolve({ refusal: node === 'a' ? 'a is full of books' : '' }),
      unreserve: ({ node }) => {
        said.push(`unreserve ${node}`);
        return Promise.resolve({});
      },
    });
    await server.start();
    try {
      await begin();
      world.pod('web', '5');
      await until(() => expect(world.messageOf('web')).toBe('a is full of books'));
      await until(() => expect(said).toEqual(['unreserve a']));
      expect(world.nodeOf('web')).toBe('');
    } finally {
      await server.stop();
    }
  });

  it('that is not there keeps pods waiting with a reason, or is ignored', async () => {
    await begin({ timeout: '200ms' });
    world.pod('web');
    await until(() => expect(world.events[0]).toMatchObject({ pod: 'web', reason: 'FailedScheduling', message: expect.stringContaining('Rooms: ') as string }));
    expect(world.nodeOf('web')).toBe('');
    await world.stop();
    plugin.stop();
    await begin({ timeout: '200ms', failurePolicy: 'Ignore' });
    world.pod('web');
    await until(() => expect(world.nodeOf('web')).toBe('a'));
  });
});
