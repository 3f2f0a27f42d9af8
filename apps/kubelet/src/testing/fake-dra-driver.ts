import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '@navarch/component-base';
import { drahealthv1, drav1, pluginregistrationv1 } from '@navarch/proto';
import { RpcServer } from '@navarch/rpc';

/** A driver of dynamic resources, and the registrar beside it: each claim is one device for the request `gpu` and one for all. It remembers what it is asked. */
export class FakeDraDriver {
  readonly calls: string[] = [];
  readonly told: pluginregistrationv1.RegistrationStatus[] = [];
  /** Claims it has prepared and not taken back, by uid. */
  readonly prepared = new Set<string>();
  /** Answers in place of its own. */
  prepare: ((claims: readonly drav1.Claim[]) => drav1.NodePrepareResourcesResponse) | undefined;
  unprepare: ((claims: readonly drav1.Claim[]) => drav1.NodeUnprepareResourcesResponse) | undefined;
  /** Which version of the service it has that tells how devices are; undefined for none. */
  healthVersion: string | undefined;
  readonly #health: drahealthv1.DeviceHealth[] = [];
  #told = (): void => undefined;
  #stopping = false;
  #server: RpcServer | undefined;
  readonly #socket: string;

  /** `onCall`: told of each call as `calls` notes it, and of its registration. */
  constructor(rootDir: string, readonly name = 'gpu.example.com', private readonly versions: readonly string[] = ['v1.DRAPlugin'], instance = '', private readonly onCall?: (call: string) => void) {
    this.#socket = join(rootDir, 'plugins_registry', `${name}${instance}-reg.sock`);
  }

  async start(): Promise<void> {
    await mkdir(join(this.#socket, '..'), { recursive: true });
    await rm(this.#socket, { force: true });
    this.#server = new RpcServer({ address: `unix://${this.#socket}`, drainMs: 10 }, { log: silentLogger });
    const version = (this.versions[0] ?? '').split('.')[0] ?? 'v1';
    const methods = Object.entries(drav1.DRAPluginService).map(([name, method]) => [name, { ...method, path: method.path.replace('.v1.', `.${version}.`) }]);
    this.#server.add(Object.fromEntries(methods) as typeof drav1.DRAPluginService, {
      nodePrepareResources: ({ claims }) => {
        this.#called(`prepare ${namesOf(claims)}`);
        if (this.prepare) return Promise.resolve().then(() => this.prepare?.(claims) ?? { claims: {} });
        for (const { uid } of claims) this.prepared.add(uid);
        const device = (name: string, ...requestNames: string[]): drav1.Device => ({
          requestNames,
          poolName: 'node-1',
          deviceName: name,
          cdiDeviceIds: [`${this.name}/device=${name}`],
          shareId: undefined,
        });
        return Promise.resolve({ claims: Object.fromEntries(claims.map(({ uid, name }) => [uid, { devices: [device(name, 'gpu'), device('all')], error: '' }])) });
      },
      nodeUnprepareResources: ({ claims }) => {
        this.#called(`unprepare ${namesOf(claims)}`);
        if (this.unprepare) return Promise.resolve().then(() => this.unprepare?.(claims) ?? { claims: {} });
        for (const { uid } of claims) this.prepared.delete(uid);
        return Promise.resolve({ claims: Object.fromEntries(claims.map(({ uid }) => [uid, { error: '' }])) });
      },
    });
    if (this.healthVersion !== undefined) this.#serveHealth(this.#server, this.healthVersion);
    this.#server.add(pluginregistrationv1.RegistrationService, {
      getInfo: () => Promise.resolve({ type: 'DRAPlugin', name: this.name, endpoint: this.#socket, supportedVersions: [...this.versions] }),
      notifyRegistrationStatus: (status) => {
        this.told.push(status);
        this.onCall?.(status.pluginRegistered ? 'registered' : `refused ${status.error}`);
        return Promise.resolve({});
      },
    });
    await this.#server.start();
  }

  /** Tells how one of its devices is. */
  tell(deviceName: string, health: drahealthv1.HealthStatus, message = '', believedSeconds = 0n): void {
    this.#health.push({ device: { poolName: 'node-1', deviceName }, health, lastUpdatedTime: 0n, healthCheckTimeoutSeconds: believedSeconds, message });
    this.#told();
  }

  #serveHealth(server: RpcServer, version: string): void {
    const methods = Object.entries(drahealthv1.DRAResourceHealthService).map(([name, method]) => [name, { ...method, path: method.path.replace('/v1.', `/${version}.`) }]);
    const stopping = (): boolean => this.#stopping;
    const told = (): drahealthv1.DeviceHealth[] => this.#health.splice(0);
    const next = (): Promise<void> => new Promise((resolve) => (this.#told = resolve));
    server.add(Object.fromEntries(methods) as typeof drahealthv1.DRAResourceHealthService, {
      nodeWatchResources: async function* () {
        while (!stopping()) {
          const change = next();
          yield { devices: told() };
          await change;
        }
      },
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#told();
    await this.#server?.stop();
    await rm(this.#socket, { force: true });
  }

  #called(call: string): void {
    this.calls.push(call);
    this.onCall?.(call);
  }
}

function namesOf(claims: readonly drav1.Claim[]): string {
  return claims.map(({ name }) => name).sort().join(',');
}
