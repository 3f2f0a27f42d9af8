import { silentLogger } from '@navarch/component-base';
import { proxyv1 } from '@navarch/proto';
import { connect, RpcServer } from '@navarch/rpc';
import { RemoteDataPlane } from './remote-data-plane';

const request = (sequence: bigint, over: Partial<proxyv1.SyncRequest> = {}): proxyv1.SyncRequest => ({ sequence, reset: false, upsert: [], remove: [], ...over });

/** A data plane that remembers what it was told, and refuses one thing. */
class RecordingDataPlane {
  readonly told: proxyv1.SyncRequest[] = [];

  async *sync(requests: AsyncIterable<proxyv1.SyncRequest>): AsyncGenerator<proxyv1.SyncResponse> {
    for await (const asked of requests) {
      this.told.push(asked);
      yield { sequence: asked.sequence, error: asked.remove.includes('bad') ? 'no such port' : '' };
    }
  }
}

describe('a data plane in another process', () => {
  it('is told in order, and what it refuses fails; the next request comes on a new stream', async () => {
    const plane = new RecordingDataPlane();
    const server = new RpcServer({ address: '127.0.0.1:0' }, { log: silentLogger }).add(proxyv1.DataPlaneServiceService, plane);
    await server.start();
    const channel = connect({ address: `127.0.0.1:${server.port}` });
    try {
      const remote = new RemoteDataPlane(channel);
      await remote.sync(request(1n, { reset: true }));
      await remote.sync(request(2n));
      await expect(remote.sync(request(3n, { remove: ['bad'] }))).rejects.toThrow('the data plane refused: no such port');
      await remote.sync(request(4n, { reset: true }));
      expect(plane.told.map(({ sequence }) => sequence)).toEqual([1n, 2n, 3n, 4n]);
    } finally {
      channel.close();
      await server.stop();
    }
  });

  it('fails when nobody answers', async () => {
    const channel = connect({ address: '127.0.0.1:1' });
    await expect(new RemoteDataPlane(channel).sync(request(1n))).rejects.toThrow();
    channel.close();
  });
});
