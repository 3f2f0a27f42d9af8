import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '@navarch/component-base';
import { devicepluginv1beta1 } from '@navarch/proto';
import { connect, RpcError, RpcServer, RpcStatus } from '@navarch/rpc';

/** A device plug-in with devices of a test's making. */
export class FakeDevicePlugin {
  readonly calls: string[] = [];
  /** Why it allocates nothing. */
  refusal: string | undefined;
  #devices: devicepluginv1beta1.Device[] = [];
  #server: RpcServer | undefined;
  #changed = (): void => undefined;
  #stopping = false;

  /** `onCall`: told of each call, in place of `calls`. */
  constructor(
    private readonly directory: string,
    private readonly resource: string,
    private readonly options: Partial<devicepluginv1beta1.DevicePluginOptions> = {},
    private readonly onCall: (call: string) => void = (call) => void this.calls.push(call),
  ) {}

  get #endpoint(): string {
    return `${this.resource.replace('/', '-')}.sock`;
  }

  /** Serves, and registers at the kubelet. */
  async start(): Promise<void> {
    const socket = join(this.directory, this.#endpoint);
    await rm(socket, { force: true });
    this.#stopping = false;
    const options = { preStartRequired: false, getPreferredAllocationAvailable: false, ...this.options };
    this.#server = new RpcServer({ address: `unix://${socket}`, drainMs: 10 }, { log: silentLogger });
    const stopping = (): boolean => this.#stopping;
    const devices = (): devicepluginv1beta1.Device[] => this.#devices;
    const next = (): Promise<void> => new Promise((resolve) => (this.#changed = resolve));
    this.#server.add(devicepluginv1beta1.DevicePluginService, {
      getDevicePluginOptions: () => Promise.resolve(options),
      listAndWatch: async function* () {
        while (!stopping()) {
          const change = next();
          yield { devices: devices() };
          await change;
        }
      },
      getPreferredAllocation: ({ containerRequests: [request] }) => {
        this.onCall(`prefer ${request?.availableDeviceIDs.join(',') ?? ''}`);
        return Promise.resolve({
          containerResponses: [{ deviceIDs: [...(request?.availableDeviceIDs ?? [])].sort().reverse().slice(0, request?.allocationSize) }],
        });
      },
      allocate: ({ containerRequests }) => {
        const ids = containerRequests.flatMap(({ devicesIds }) => devicesIds);
        this.onCall(`allocate ${ids.join(',')}`);
        if (this.refusal !== undefined) throw new RpcError(RpcStatus.UNKNOWN, this.refusal);
        return Promise.resolve({
          containerResponses: [
            {
              envs: { DEVICES: ids.join(',') },
              annotations: { 'example.com/device': ids.join(',') },
              cdiDevices: [],
              mounts: [{ containerPath: '/run/device', hostPath: '/tmp', readOnly: true }],
              devices: ids.map((id) => ({ containerPath: `/dev/${id}`, hostPath: '/dev/null', permissions: 'rw' })),
            },
          ],
        });
      },
      preStartContainer: ({ devicesIds }) => {
        this.onCall(`prestart ${devicesIds.join(',')}`);
        return Promise.resolve({});
      },
    });
    await this.#server.start();
    const channel = connect({ address: `unix://${this.directory}/kubelet.sock` });
    await channel
      .client(devicepluginv1beta1.RegistrationService)
      .register({ version: 'v1beta1', endpoint: this.#endpoint, resourceName: this.resource, options });
    channel.close();
  }

  /** `-` before an id: unhealthy. `@1` after it: close to memory bank 1. */
  set(...ids: string[]): void {
    this.#devices = ids.map((text) => {
      const [id = '', bank] = text.replace(/^-/, '').split('@');
      return { ID: id, health: text.startsWith('-') ? 'Unhealthy' : 'Healthy', topology: bank === undefined ? undefined : { nodes: [{ ID: BigInt(bank) }] } };
    });
    this.#changed();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#changed();
    await this.#server?.stop();
  }
}
