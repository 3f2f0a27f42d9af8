import { Client, credentials, Server, ServerCredentials, status, type MethodDefinition, type ServerUnaryCall, type ServerWritableStream, type sendUnaryData, type ServiceError, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { runtimev1 } from '@navarch/proto';

type Method = MethodDefinition<object, object>;
type Rewrite = (answer: object) => object;

const bare = (image: runtimev1.Image): runtimev1.Image => ({ ...image, id: image.id.replace(/^sha256:/, '') });

/** How CRI-O's answers differ from containerd's where a kubelet can see it. */
const answers: Readonly<Record<string, Rewrite>> = {
  Version: (answer) => ({ ...answer, runtimeName: 'cri-o', runtimeVersion: '1.36.0' }),
  // Its ids of images are bare digests.
  ImageStatus: (answer) => {
    const { image, info } = answer as runtimev1.ImageStatusResponse;
    return { image: image && bare(image), info };
  },
  ListImages: (answer) => ({ images: (answer as runtimev1.ListImagesResponse).images.map(bare) }),
  // A condition more than the two that Kubernetes knows, and the handlers that it can be asked for.
  Status: (answer) => {
    const { status: reported } = answer as runtimev1.StatusResponse;
    return runtimev1.StatusResponse.fromPartial({ ...answer, status: { ...reported, conditions: [...(reported?.conditions ?? []), { type: 'RegistriesReady', status: true, reason: '', message: '' }] }, runtimeHandlers: [{ name: '' }, { name: 'crun' }, { name: 'runc' }] });
  },
};

/** Its words for what containerd says otherwise. */
const words: readonly [RegExp, string][] = [
  [/.*is reserved for.*/s, 'name is reserved'],
  [/.*CONTAINER_(RUNNING|CREATED|EXITED).*/s, 'container is not in the state that the call needs'],
  [/.*executable file.*not found.*/s, 'command error: exec failed: no such file or directory'],
];

/**
 * A runtime in front of another that differs from containerd as CRI-O does: its name, ids of images, conditions, handlers and texts, systemd as cgroup
 * driver, and no stream of events (they are off unless configured).
 */
export class CrioDouble {
  readonly #server = new Server();
  readonly #client: Client;

  constructor(private readonly endpoint: string, behind: string) {
    this.#client = new Client(behind, credentials.createInsecure());
  }

  async start(): Promise<void> {
    for (const definition of [runtimev1.RuntimeServiceService, runtimev1.ImageServiceService]) {
      const handlers: UntypedServiceImplementation = {};
      for (const [name, method] of Object.entries(definition) as [string, Method][]) handlers[name] = method.responseStream ? this.#noStream : this.#forward(method);
      this.#server.addService(definition, handlers);
    }
    await new Promise<void>((resolve, reject) => this.#server.bindAsync(this.endpoint, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())));
  }

  stop(): void {
    this.#server.forceShutdown();
    this.#client.close();
  }

  readonly #noStream = (call: ServerWritableStream<object, object>): void => void call.emit('error', { code: status.UNIMPLEMENTED, details: 'pod events are not enabled' });

  #forward(method: Method) {
    const name = method.path.split('/').at(-1) ?? '';
    return (call: ServerUnaryCall<object, object>, done: sendUnaryData<object>): void => {
      if (name === 'RuntimeConfig') {
        done(null, { linux: { cgroupDriver: runtimev1.CgroupDriver.SYSTEMD } });
        return;
      }
      this.#client.makeUnaryRequest(method.path, method.requestSerialize, method.responseDeserialize, call.request, (error, answer) => {
        if (error) done(this.#inItsWords(error));
        else done(null, (answers[name] ?? ((same) => same))(answer ?? {}));
      });
    };
  }

  #inItsWords(error: ServiceError): Partial<ServiceError> {
    const [, text] = words.find(([pattern]) => pattern.test(error.details)) ?? [];
    // What has no code of its own there is UNKNOWN, as Go's plain errors are.
    return { code: text === undefined ? error.code : status.UNKNOWN, details: text ?? error.details };
  }
}
