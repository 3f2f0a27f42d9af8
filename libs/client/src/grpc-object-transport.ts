import { objectv1 } from '@navarch/proto';
import { toApiError, type RpcChannel, type ServiceClient } from '@navarch/rpc';
import { FrameHandOver } from './frame-hand-over';
import type { ObjectTransport, WriteStream } from './object-transport';

/** How long a Write stream waits for the connection before that counts as a failure. */
const CONNECT_TIMEOUT_MS = 5_000;

/** The object service over a channel to the apiserver. */
export class GrpcObjectTransport implements ObjectTransport {
  readonly #channel: RpcChannel;
  readonly #service: ServiceClient<typeof objectv1.ObjectServiceService>;

  constructor(channel: RpcChannel) {
    this.#channel = channel;
    this.#service = channel.client(objectv1.ObjectServiceService);
  }

  async get(request: objectv1.GetRequest, signal?: AbortSignal): Promise<objectv1.GetResponse> {
    try {
      // A read may wait for an apiserver that restarts.
      return await this.#service.get(request, { waitForReady: true, ...optional(signal) });
    } catch (error) {
      throw toApiError(error);
    }
  }

  snapshot(request: objectv1.SnapshotRequest, signal?: AbortSignal): AsyncIterable<objectv1.SnapshotResponse> {
    return withApiErrors(this.#service.snapshot(request, optional(signal)));
  }

  watch(request: objectv1.WatchRequest, signal?: AbortSignal): AsyncIterable<objectv1.WatchResponse> {
    return withApiErrors(this.#service.watch(request, optional(signal)));
  }

  async openWrites(signal?: AbortSignal): Promise<WriteStream> {
    try {
      await this.#channel.waitForReady(CONNECT_TIMEOUT_MS);
    } catch (error) {
      throw toApiError(error);
    }
    const frames = new FrameHandOver<objectv1.WriteRequest>();
    const responses = withApiErrors(this.#service.write(frames, optional(signal)), () => frames.end());
    return { send: (frame) => frames.send(frame), responses, close: () => frames.end() };
  }
}

const optional = (signal: AbortSignal | undefined): { signal?: AbortSignal } => (signal === undefined ? {} : { signal });

async function* withApiErrors<T>(messages: AsyncIterable<T>, onEnd?: () => void): AsyncGenerator<T, void, undefined> {
  try {
    yield* messages;
  } catch (error) {
    throw toApiError(error);
  } finally {
    onEnd?.();
  }
}
