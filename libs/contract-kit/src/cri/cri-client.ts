import { credentials } from '@grpc/grpc-js';
import { runtimev1 } from '@navarch/proto';

type Callback = (error: Error | null, response: unknown) => void;
type UnaryCall = (request: unknown, callback: Callback) => unknown;

type RequestOf<M> = M extends { readonly requestDeserialize: (value: Buffer) => infer Q } ? Q : never;
type ResponseOf<M> = M extends { readonly responseDeserialize: (value: Buffer) => infer A } ? A : never;

/** Calls both CRI services of an endpoint by method name, with whatever of the request matters. */
export class CriClient {
  readonly runtime: runtimev1.RuntimeServiceClient;
  readonly image: runtimev1.ImageServiceClient;

  constructor(endpoint: string) {
    const target = `unix:${endpoint.replace(/^unix:(\/\/)?/, '')}`;
    this.runtime = new runtimev1.RuntimeServiceClient(target, credentials.createInsecure());
    this.image = new runtimev1.ImageServiceClient(target, credentials.createInsecure());
  }

  call<K extends keyof typeof runtimev1.RuntimeServiceService>(
    method: K,
    request: RequestOf<(typeof runtimev1.RuntimeServiceService)[K]>,
  ): Promise<ResponseOf<(typeof runtimev1.RuntimeServiceService)[K]>> {
    return invoke(this.runtime, method, request);
  }

  callImage<K extends keyof typeof runtimev1.ImageServiceService>(
    method: K,
    request: RequestOf<(typeof runtimev1.ImageServiceService)[K]>,
  ): Promise<ResponseOf<(typeof runtimev1.ImageServiceService)[K]>> {
    return invoke(this.image, method, request);
  }

  close(): void {
    this.runtime.close();
    this.image.close();
  }
}

function invoke<A>(client: object, method: string, request: unknown): Promise<A> {
  const call = (client as unknown as Readonly<Record<string, UnaryCall>>)[method];
  if (!call) throw new Error(`no method ${method}`);
  return new Promise((resolve, reject) => {
    call.call(client, request, (error, response) => {
      if (error) reject(error);
      else resolve(response as A);
    });
  });
}
