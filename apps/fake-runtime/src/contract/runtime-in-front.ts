import {
  Client, credentials, Server, ServerCredentials, status, type MethodDefinition, type ServerUnaryCall, type ServerWritableStream, type sendUnaryData,
  type ServiceError, type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { runtimev1 } from '@navarch/proto';

type Services = typeof runtimev1.RuntimeServiceService & typeof runtimev1.ImageServiceService;
type RequestOf<M> = M extends { readonly requestDeserialize: (value: Buffer) => infer Q } ? Q : never;
type AnswerOf<M> = M extends { readonly responseDeserialize: (value: Buffer) => infer A } ? A : never;
type Method = MethodDefinition<object, object>;
type Forward<Q, A> = (request: Q) => Promise<A>;
type Call<Q, A> = (request: Q, behind: Forward<Q, A>) => Promise<A>;

/** What a runtime does otherwise than the one behind it. */
export interface Differences {
  /** By method: how a request is answered, with or without the one behind. */
  readonly calls?: { readonly [K in keyof Services]?: Call<RequestOf<Services[K]>, AnswerOf<Services[K]>> };
  /** Which of its events are told; absent: there is no stream of them. */
  readonly events?: (event: runtimev1.ContainerEventResponse) => boolean;
  /** An error as this runtime says it. */
  readonly says?: (error: ServiceError) => Partial<ServiceError>;
}

/** A runtime in front of another, that differs from it in what is asked for and in nothing else. */
export class RuntimeInFront {
  readonly #server = new Server();
  readonly #client: Client;

  constructor(private readonly endpoint: string, behind: string, private readonly differences: Differences) {
    this.#client = new Client(behind, credentials.createInsecure());
  }

  async start(): Promise<void> {
    for (const definition of [runtimev1.RuntimeServiceService, runtimev1.ImageServiceService]) {
      const handlers: UntypedServiceImplementation = {};
      for (const [name, method] of Object.entries(definition) as [string, Method][]) handlers[name] = method.responseStream ? this.#stream(name, method) : this.#unary(name, method);
      this.#server.addService(definition, handlers);
    }
    await new Promise<void>((resolve, reject) => this.#server.bindAsync(this.endpoint, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())));
  }

  stop(): void {
    this.#server.forceShutdown();
    this.#client.close();
  }

  #unary(name: string, method: Method) {
    const { calls = {}, says = (error: ServiceError) => error } = this.differences;
    const behind: Forward<object, object> = (request) => new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(method.path, method.requestSerialize, method.responseDeserialize, request, (error, answer) => (error ? reject(error) : resolve(answer ?? {})));
    });
    const otherwise = (calls as Readonly<Record<string, Call<object, object>>>)[name];
    return (call: ServerUnaryCall<object, object>, done: sendUnaryData<object>): void => {
      (otherwise === undefined ? behind(call.request) : otherwise(call.request, behind)).then((answer) => done(null, answer), (error: unknown) => done(says(error as ServiceError)));
    };
  }

  #stream(name: string, method: Method) {
    const { events } = this.differences;
    return (call: ServerWritableStream<object, object>): void => {
      if (events === undefined || name !== 'getContainerEvents') {
        call.emit('error', { code: status.UNIMPLEMENTED, details: 'pod events are not enabled' });
        return;
      }
      const source = this.#client.makeServerStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, call.request);
      source.on('data', (event: runtimev1.ContainerEventResponse) => events(event) && call.write(event));
      source.on('error', (error: ServiceError) => (error.code === status.CANCELLED ? call.end() : call.emit('error', error)));
      source.on('end', () => call.end());
      call.on('cancelled', () => source.cancel());
    };
  }
}
