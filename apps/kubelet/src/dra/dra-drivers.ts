import { status as Code } from '@grpc/grpc-js';
import { drav1 } from '@navarch/proto';
import { connect, findRpcError, type RpcChannel, type ServiceClient } from '@navarch/rpc';
import { type PluginHandler } from '../plugins/plugin-watcher';
import { codeName } from '../rpc-error-text';
import { type DeviceHealth } from './device-health';
import { type DraMetrics } from './dra-metrics';

type Client = ServiceClient<typeof drav1.DRAPluginService>;

interface Instance {
  readonly endpoint: string;
  readonly channel: RpcChannel;
  readonly client: Client;
  readonly gone: AbortController;
}

export interface DraDriversDeps {
  readonly metrics: Pick<DraMetrics, 'calls'>;
  readonly health: Pick<DeviceHealth, 'follow'>;
  /** Told when a driver has come, or the last of its instances has gone. */
  readonly onChange: (driver: string, isThere: boolean) => void;
}

/** Upstream's limit for any call of a driver. */
const callTimeoutMs = 45_000;
/** What registrars call the service's versions; their messages are the same. */
const services = ['v1.DRAPlugin', 'v1beta1.DRAPlugin'];

/** The drivers of dynamic resources that are registered here; while one is replaced there may be two of it. */
export class DraDrivers implements PluginHandler {
  readonly #instances = new Map<string, Instance[]>();

  constructor(private readonly deps: DraDriversDeps) {}

  register(name: string, endpoint: string, versions: readonly string[]): Promise<void> {
    const service = chooseService(versions);
    if ('refused' in service) throw new Error(`invalid supported gRPC versions of DRA driver plugin ${name} at endpoint ${endpoint}: ${service.refused}`);
    const instances = this.#instances.get(name) ?? [];
    if (instances.some((instance) => instance.endpoint === endpoint)) throw new Error(`endpoint ${endpoint} already registered for DRA driver plugin ${name}`);
    const channel = connect({ address: `unix://${endpoint}`, defaultTimeoutMs: callTimeoutMs });
    const gone = new AbortController();
    this.#instances.set(name, [...instances, { endpoint, channel, client: channel.client(definitionOf(service.chosen)), gone }]);
    this.deps.health.follow(name, channel, gone.signal);
    this.deps.onChange(name, true);
    return Promise.resolve();
  }

  deregister(name: string, endpoint: string): Promise<void> {
    const instances = this.#instances.get(name) ?? [];
    for (const instance of instances) if (instance.endpoint === endpoint) leave(instance);
    const left = instances.filter((instance) => instance.endpoint !== endpoint);
    if (left.length > 0) this.#instances.set(name, left);
    else if (this.#instances.delete(name)) this.deps.onChange(name, false);
    return Promise.resolve();
  }

  /** Throws with upstream's text for a driver that is not there. */
  mustHave(name: string): void {
    if (!this.#instances.has(name)) throw new Error(`DRA driver ${name} is not registered`);
  }

  async prepare(name: string, claims: drav1.Claim[]): Promise<drav1.NodePrepareResourcesResponse> {
    return this.#call(name, 'NodePrepareResources', (client) => client.nodePrepareResources({ claims }));
  }

  async unprepare(name: string, claims: drav1.Claim[]): Promise<drav1.NodeUnprepareResourcesResponse> {
    return this.#call(name, 'NodeUnprepareResources', (client) => client.nodeUnprepareResources({ claims }));
  }

  close(): void {
    for (const instance of [...this.#instances.values()].flat()) leave(instance);
    this.#instances.clear();
  }

  async #call<T>(name: string, method: string, call: (client: Client) => Promise<T>): Promise<T> {
    this.mustHave(name);
    // The newest is the one that will stay; one that has lost its connection may not come back.
    const instances = [...this.#instances.get(name) ?? []].reverse();
    const instance = instances.find(({ channel }) => channel.state !== 'failing') ?? instances[0];
    if (!instance) throw new Error(`DRA driver ${name} is not registered`);
    const end = this.deps.metrics.calls.startTimer({ driver_name: name, method_name: method });
    try {
      const answer = await call(instance.client);
      end({ grpc_status_code: codeName(Code.OK) });
      return answer;
    } catch (error) {
      end({ grpc_status_code: codeName(findRpcError(error)?.code ?? Code.UNKNOWN) });
      throw error;
    }
  }
}

function leave({ channel, gone }: Instance): void {
  gone.abort(new Error('the driver is not needed any more'));
  channel.close();
}

/** The first of a driver's services that is known here. */
function chooseService(offered: readonly string[]): { readonly chosen: string } | { readonly refused: string } {
  if (offered.length === 0) return { refused: 'empty list of supported gRPC services (aka supported versions)' };
  const chosen = offered.find((service) => services.includes(service));
  const list = (names: readonly string[]): string => `[${names.map((name) => JSON.stringify(name)).join(' ')}]`;
  return chosen === undefined ? { refused: `none of services supported by the plugin (${list(offered)}) are supported by the kubelet (${list(services)})` } : { chosen };
}

function definitionOf(service: string): typeof drav1.DRAPluginService {
  const version = service.slice(0, service.indexOf('.'));
  const methods = Object.entries(drav1.DRAPluginService).map(([name, method]) => [name, { ...method, path: method.path.replace('.dra.v1.', `.dra.${version}.`) }]);
  return Object.fromEntries(methods) as typeof drav1.DRAPluginService;
}
