/** What the bare server is to serve; sizes are those that the apiserver was seen to serve. */
export interface ReferenceJob {
  readonly cert: string;
  readonly key: string;
  readonly objectBytes: number;
  readonly listBytes: number;
  readonly eventBytes: number;
}

/** Answered once it listens. */
export interface ReferenceReady {
  readonly port: number;
  /** The same by HTTP/2. */
  readonly http2Port: number;
}
