import { EventEmitter } from 'node:events';
import { type MethodDefinition, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { type CallContext } from './call-context';

type Raw = Buffer;
type Answer = (request: Raw) => Raw;

const raw = (bytes: Raw): Raw => bytes;
const rawMethod = (version: string) =>
  ({
    path: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    requestStream: true,
    responseStream: true,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  }) as const;

export const reflectionDefinition = { v1: rawMethod('v1'), v1alpha: rawMethod('v1alpha') } as const satisfies ServiceDefinition;

/**
 * Tells tools such as grpcurl what this server speaks. The library behind it is loaded when first asked, because it
 * costs more start-up time and memory than the rest of gRPC.
 */
export class ReflectionService {
  #answers: Promise<Map<string, Answer>> | undefined;

  /** `descriptors` yields a serialised FileDescriptorSet; `services` are the full names to show. */
  constructor(
    private readonly descriptors: () => Promise<Uint8Array> | Uint8Array,
    private readonly services: () => string[],
  ) {}

  v1(requests: AsyncIterable<Raw>, context: CallContext): AsyncGenerator<Raw, void, undefined> {
    return this.#info(requests, context);
  }

  v1alpha(requests: AsyncIterable<Raw>, context: CallContext): AsyncGenerator<Raw, void, undefined> {
    return this.#info(requests, context);
  }

  async *#info(requests: AsyncIterable<Raw>, context: CallContext): AsyncGenerator<Raw, void, undefined> {
    this.#answers ??= this.#load();
    const answer = (await this.#answers).get(context.method);
    if (!answer) throw new Error(`reflection library does not serve ${context.method}`);
    for await (const request of requests) yield answer(request);
  }

  async #load(): Promise<Map<string, Answer>> {
    const [{ ReflectionService: Library }, { loadFileDescriptorSetFromBuffer }, descriptors] = await Promise.all([import('@grpc/reflection'), import('@grpc/proto-loader'), this.descriptors()]);
    const library = new Library(loadFileDescriptorSetFromBuffer(Buffer.from(descriptors)), { services: this.services() });
    const answers = new Map<string, Answer>();
    library.addToServer({
      addService: (definition: ServiceDefinition, implementation: UntypedServiceImplementation) => {
        for (const [name, method] of Object.entries(definition)) {
          const handler = implementation[name] as (call: unknown) => void;
          answers.set(method.path, (request) => askLibrary(method, handler, request));
        }
      },
    });
    return answers;
  }
}

/** The library answers each `data` event of a call with one `write`, at once. */
function askLibrary(method: MethodDefinition<unknown, unknown>, handler: (call: unknown) => void, request: Raw): Raw {
  const written: unknown[] = [];
  const call = Object.assign(new EventEmitter(), { write: (message: unknown) => written.push(message), end: () => undefined });
  handler(call);
  call.emit('data', method.requestDeserialize(request));
  return method.responseSerialize(written[0]);
}
