import { type CallOptions, type ClientUnaryCall, credentials, makeClientConstructor, Metadata, type ServiceError, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { runtimev1 } from '@navarch/proto';
import { tappedService } from '@navarch/rpc';
import { type CallLimits, type CriClients, type UnaryCalls } from './cri-clients';
import { asRuntimeError } from './runtime-error';

export interface RuntimeEndpoints {
  /** A `unix://` address, such as `unix:///run/containerd/containerd.sock`. */
  readonly endpoint: string;
  /** Where images are, if not there: upstream's --image-service-endpoint. */
  readonly imageEndpoint?: string | undefined;
}

type Unary = (request: unknown, metadata: Metadata, options: Partial<CallOptions>, callback: (error: ServiceError | null, response: unknown) => void) => ClientUnaryCall;

// The generated clients, but told to whoever taps the kubelet: CRI is one of its boundaries.
const RuntimeClient = makeClientConstructor(tappedService(runtimev1.RuntimeServiceService), 'RuntimeService') as unknown as typeof runtimev1.RuntimeServiceClient;
const ImageClient = makeClientConstructor(tappedService(runtimev1.ImageServiceService), 'ImageService') as unknown as typeof runtimev1.ImageServiceClient;

/** A runtime at the other end of a socket. Nothing is connected before the first call. */
export function remoteCriClients({ endpoint, imageEndpoint }: RuntimeEndpoints): CriClients {
  const channel = {
    'grpc.max_receive_message_length': 16 * 1024 * 1024,
    'grpc.service_config_disable_resolution': 1,
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 3000,
    'grpc.default_authority': 'localhost',
  };
  const runtime = new RuntimeClient(endpoint, credentials.createInsecure(), channel);
  const images = new ImageClient(imageEndpoint ?? endpoint, credentials.createInsecure(), channel);
  return {
    runtime: unaryCalls<runtimev1.RuntimeServiceServer>(runtimev1.RuntimeServiceService, runtime),
    images: unaryCalls<runtimev1.ImageServiceServer>(runtimev1.ImageServiceService, images),
    containerEvents: (signal) => containerEvents(runtime, signal),
    close: () => {
      runtime.close();
      images.close();
    },
  };
}

function unaryCalls<S extends UntypedServiceImplementation>(definition: Readonly<Record<string, { readonly responseStream: boolean }>>, client: object): UnaryCalls<S> {
  const calls = Object.entries(definition).filter(([, { responseStream }]) => !responseStream).map(([name]) => {
    const method = (client as Readonly<Record<string, Unary>>)[name]?.bind(client);
    if (!method) throw new Error(`the client has no method ${name}`);
    return [name, (request: unknown, limits: CallLimits) => send(method, request, limits)] as const;
  });
  return Object.fromEntries(calls) as unknown as UnaryCalls<S>;
}

function send(method: Unary, request: unknown, { timeoutMs, signal }: CallLimits): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new Error('the call was given up', { cause: signal.reason }));
      return;
    }
    const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
    const call = method(request, new Metadata(), options, (error, response) => {
      signal?.removeEventListener('abort', cancel);
      if (error) reject(asRuntimeError(error));
      else resolve(response);
    });
    const cancel = (): void => call.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
  });
}

async function* containerEvents(client: runtimev1.RuntimeServiceClient, signal: AbortSignal): AsyncGenerator<runtimev1.ContainerEventResponse> {
  const call = client.getContainerEvents({});
  const cancel = (): void => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const event of call) yield event as runtimev1.ContainerEventResponse;
  } catch (error) {
    if (signal.aborted) return;
    throw asRuntimeError(error);
  } finally {
    signal.removeEventListener('abort', cancel);
    call.cancel();
  }
}
