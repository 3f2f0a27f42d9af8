import { proxyv1 } from '@navarch/proto';
import { PushStream, type RpcChannel } from '@navarch/rpc';
import type { DataPlane } from '../data-plane';

interface OpenStream {
  readonly requests: PushStream<proxyv1.SyncRequest>;
  readonly responses: AsyncGenerator<proxyv1.SyncResponse, void, undefined>;
}

/** A back end in another process: navarch.proxy.v1.DataPlaneService. One request at a time, as the proxy asks. */
export class RemoteDataPlane implements DataPlane {
  readonly name = 'grpc';
  #open: OpenStream | undefined;

  constructor(private readonly channel: Pick<RpcChannel, 'client'>) {}

  async sync(request: proxyv1.SyncRequest): Promise<void> {
    // What a new stream knows is nothing: the proxy follows a failure with a reset, and a first request is one.
    const stream = (this.#open ??= this.#connect());
    try {
      stream.requests.push(request);
      const { value, done } = await stream.responses.next();
      if (done === true) throw new Error('the data plane has ended the stream');
      if (value.sequence !== request.sequence) throw new Error(`the data plane answered request ${value.sequence} instead of ${request.sequence}`);
      if (value.error !== '') throw new Error(`the data plane refused: ${value.error}`);
    } catch (error) {
      stream.requests.end();
      this.#open = undefined;
      throw error;
    }
  }

  #connect(): OpenStream {
    const requests = new PushStream<proxyv1.SyncRequest>();
    return { requests, responses: this.channel.client(proxyv1.DataPlaneServiceService).sync(requests, {}) };
  }
}
