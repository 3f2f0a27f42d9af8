import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '@navarch/component-base';
import { csiv1, pluginregistrationv1 } from '@navarch/proto';
import { RpcServer, type ServiceHandlers } from '@navarch/rpc';

const { NodeServiceCapability_RPC_Type: Rpc } = csiv1;

export interface FakeCsiDriverOptions {
  readonly name: string;
  /** The kubelet's root directory: the socket is registered there. */
  readonly rootDir: string;
  /** As its socket is called; by its name unless given. */
  readonly socket?: string;
  /** Puts the volume's contents at a path, and takes them away again; real drivers mount. */
  readonly publish?: (volumeId: string, target: string, request: csiv1.NodePublishVolumeRequest) => Promise<void>;
  readonly unpublish?: (target: string) => Promise<void>;
}

/** A CSI driver with a volume for every handle, and the registrar beside it. It remembers what it is asked. */
export class FakeCsiDriver {
  readonly calls: string[] = [];
  readonly staged: csiv1.NodeStageVolumeRequest[] = [];
  readonly published: csiv1.NodePublishVolumeRequest[] = [];
  readonly expanded: csiv1.NodeExpandVolumeRequest[] = [];
  readonly told: pluginregistrationv1.RegistrationStatus[] = [];
  /** Throws in place of a call, by its name. */
  readonly behave: Partial<Record<string, () => void>> = {};
  /** Says that volumes are unstaged while they are not: what is in them stays. */
  forgetsToUnstage = false;
  /** What it tells of each volume's use; undefined: it cannot be asked. */
  usage: csiv1.VolumeUsage[] | undefined;
  /** How many volumes it says that a node may have. */
  limit = 8n;
  #server: RpcServer | undefined;
  readonly #socket: string;

  constructor(private readonly options: FakeCsiDriverOptions) {
    this.#socket = join(options.rootDir, 'plugins_registry', options.socket ?? `${options.name}-reg.sock`);
  }

  async start(): Promise<void> {
    await mkdir(join(this.options.rootDir, 'plugins_registry'), { recursive: true });
    await rm(this.#socket, { force: true });
    this.#server = new RpcServer({ address: `unix://${this.#socket}` }, { log: silentLogger });
    this.#server.add(csiv1.NodeService, this.#node());
    this.#server.add(pluginregistrationv1.RegistrationService, {
      getInfo: () => Promise.resolve({ type: 'CSIPlugin', name: this.options.name, endpoint: this.#socket, supportedVersions: ['1.0.0'] }),
      notifyRegistrationStatus: (status) => {
        this.told.push(status);
        return Promise.resolve({});
      },
    });
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    await rm(this.#socket, { force: true });
  }

  #node(): ServiceHandlers<typeof csiv1.NodeService> {
    const unserved = (): Promise<never> => Promise.reject(new Error('not served'));
    return {
      nodeStageVolume: async (request) => {
        this.#called(`stage ${request.volumeId}`);
        this.staged.push(request);
        await mkdir(request.stagingTargetPath, { recursive: true });
        return {};
      },
      nodeUnstageVolume: async ({ volumeId, stagingTargetPath }) => {
        this.#called(`unstage ${volumeId}`);
        if (!this.forgetsToUnstage) await rm(stagingTargetPath, { recursive: true, force: true });
        return {};
      },
      nodePublishVolume: async (request) => {
        this.#called(`publish ${request.volumeId}`);
        this.published.push(request);
        await (this.options.publish ?? ((_id, target) => mkdir(target, { recursive: true }).then(() => undefined)))(request.volumeId, request.targetPath, request);
        return {};
      },
      nodeUnpublishVolume: async ({ volumeId, targetPath }) => {
        this.#called(`unpublish ${volumeId}`);
        await this.options.unpublish?.(targetPath);
        await rm(targetPath, { recursive: true, force: true });
        return {};
      },
      nodeGetCapabilities: () => Promise.resolve({ capabilities: [{ type: { $case: 'rpc', value: { type: Rpc.STAGE_UNSTAGE_VOLUME } } }, { type: { $case: 'rpc', value: { type: Rpc.EXPAND_VOLUME } } }, ...(this.usage ? [{ type: { $case: 'rpc' as const, value: { type: Rpc.GET_VOLUME_STATS } } }] : [])] }),
      nodeGetInfo: () => Promise.resolve({ nodeId: 'node-id-1', maxVolumesPerNode: this.limit, accessibleTopology: { segments: { 'example.org/zone': 'a' } } }),
      nodeExpandVolume: (request) => {
        this.#called(`expand ${request.volumeId}`);
        this.expanded.push(request);
        return Promise.resolve({ capacityBytes: request.capacityRange?.requiredBytes ?? 0n });
      },
      nodeGetVolumeStats: () => (this.usage ? Promise.resolve({ usage: this.usage, volumeCondition: undefined }) : unserved()),
    };
  }

  #called(call: string): void {
    this.calls.push(call);
    this.behave[call.split(' ')[0] ?? '']?.();
  }
}

/** For drivers without mounts: a volume is a copy of a directory. */
export function copyOf(directory: string): NonNullable<FakeCsiDriverOptions['publish']> {
  return (_volumeId, target) => cp(directory, target, { recursive: true });
}
