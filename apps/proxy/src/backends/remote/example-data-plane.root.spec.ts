import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { proxyv1 } from '@navarch/proto';
import { connect, type RpcChannel } from '@navarch/rpc';
import { addressOf, bundle, makeTempDir, nodeAddress, NodeNetwork, type Place, type TempDir } from '@navarch/testing';
import { RemoteDataPlane } from './remote-data-plane';

const root = join(__dirname, '../../../../..');
const network = new NodeNetwork(`npy${process.pid % 10_000}`);
const clusterIp = '10.96.0.7';
const web = { address: clusterIp, port: 80 };
const nodePort = { address: nodeAddress, port: 30080 };
const endpoint = (place: Place): proxyv1.Endpoint => ({ address: addressOf(place), port: 8080 });
const port = (endpoints: readonly proxyv1.Endpoint[], more: Partial<proxyv1.ServicePort> = {}): proxyv1.ServicePort =>
  proxyv1.ServicePort.fromPartial({ id: 'default/web:', protocol: proxyv1.Protocol.TCP, addresses: [clusterIp], port: 80, nodePort: 30080, endpoints: [...endpoints], localEndpoints: [endpoint('a')], ...more });
const places = (answers: readonly string[]): Set<string> => new Set(answers.map((answer) => answer.split(' ')[0] ?? ''));
/** Enough that two endpoints chosen at random are both met. */
const often = 16;

/** What examples/swap/proxy promises: a back end of somebody's own carries what the proxy tells it. */
describe('the example of a data plane, behind the proxy\'s grpc mode', () => {
  let directory: TempDir;
  let address = '';
  let example: ChildProcess;
  let channel: RpcChannel;
  let plane: RemoteDataPlane;
  let sequence = 0n;
  const sync = (request: Partial<proxyv1.SyncRequest>): Promise<void> => plane.sync(proxyv1.SyncRequest.fromPartial({ ...request, sequence: (sequence += 1n) }));

  beforeAll(async () => {
    [directory] = await Promise.all([makeTempDir(), network.start()]);
    address = `unix://${join(directory.path, 'data-plane.sock')}`;
    example = spawn('ip', ['netns', 'exec', network.node, process.execPath, '--import', 'tsx', join(root, 'examples/swap/proxy/data-plane.ts'), address], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    if (example.stdout) await once(example.stdout, 'data'); // it listens
    channel = connect({ address });
    plane = new RemoteDataPlane(channel);
    await sync({ reset: true, upsert: [port([endpoint('a'), endpoint('b')])] });
  }, 60_000);
  afterAll(async () => {
    channel.close();
    const gone = once(example, 'exit');
    example.kill();
    await gone;
    await network.stop();
    await directory[Symbol.asyncDispose]();
  });

  it('balances for pods, for the node and for those outside', async () => {
    for (const place of ['node', 'remote'] as const) expect(places(await network.ask(place, web, often))).toEqual(new Set(['a', 'b']));
    expect(places(await network.ask('outside', nodePort, often))).toEqual(new Set(['a', 'b']));
  });

  it('lets a pod reach itself, and keeps on the node what must stay there', async () => {
    await sync({ upsert: [port([endpoint('a'), endpoint('b')], { externalLocal: true })] });
    expect(places(await network.ask('outside', nodePort, often))).toEqual(new Set(['a']));
    await sync({ upsert: [port([endpoint('a')])] });
    expect(places(await network.ask('a', web, 2))).toEqual(new Set(['a']));
  });

  it('goes with the endpoints, refuses where there are none, and forgets what is gone', async () => {
    await sync({ upsert: [port([endpoint('b')])] });
    expect(places(await network.ask('remote', web, 4))).toEqual(new Set(['b']));
    await sync({ upsert: [port([])] });
    expect((await network.ask('remote', web))[0]).toContain('ECONNREFUSED');
    await sync({ remove: ['default/web:'] });
    expect(network.run('nft list table ip own-data-plane')).not.toContain(clusterIp);
  });

  it('says what is wrong, and goes on after a reset', async () => {
    await expect(sync({ upsert: [port([], { addresses: ['nowhere'] })] })).rejects.toThrow('the data plane refused: nowhere is no address');
    await sync({ reset: true, upsert: [port([endpoint('a')])] });
    expect(places(await network.ask('remote', web))).toEqual(new Set(['a']));
  });

  it('passes its contract by the kit, with traffic, as examples/swap/proxy says', async () => {
    const kit = spawn('ip', ['netns', 'exec', network.node, process.execPath, bundle(join(root, 'apps/navarch/src/main.ts')), 'contract', 'data-plane', '--target', address, '--offers', 'traffic'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    kit.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(kit, 'close')) as [number];
    expect([code, said]).toEqual([0, expect.stringContaining('6 hold, 0 do not, 0 not tried')]);
  });
});
