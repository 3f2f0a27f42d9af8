import type { objectv1 } from '@navarch/proto';

/** The pipelined Write stream: frames out, frames in, no promise of order between them. */
export interface WriteStream {
  /** Hands a frame to the connection; resolves when it takes more. */
  send(frame: objectv1.WriteRequest): Promise<void>;
  /** Ends, or throws an ApiError, when the stream breaks; what was sent may or may not have been done. */
  readonly responses: AsyncIterable<objectv1.WriteResponse>;
  close(): void;
}

/** The object service as the client needs it. All failures are `ApiError`, or the signal's reason. */
export interface ObjectTransport {
  get(request: objectv1.GetRequest, signal?: AbortSignal): Promise<objectv1.GetResponse>;
  snapshot(request: objectv1.SnapshotRequest, signal?: AbortSignal): AsyncIterable<objectv1.SnapshotResponse>;
  watch(request: objectv1.WatchRequest, signal?: AbortSignal): AsyncIterable<objectv1.WatchResponse>;
  /** Opens a Write stream on an established connection; failing here means that nothing was sent. */
  openWrites(signal?: AbortSignal): Promise<WriteStream>;
}
