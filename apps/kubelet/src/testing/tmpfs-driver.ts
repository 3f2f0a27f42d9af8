import { execFile } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { silentLogger } from '@navarch/component-base';
import { csiv1, pluginregistrationv1 } from '@navarch/proto';
import { RpcServer, type ServiceHandlers } from '@navarch/rpc';

const { NodeServiceCapability_RPC_Type: Rpc } = csiv1;
const exec = promisify(execFile);
const run = (command: string, ...args: string[]): Promise<unknown> => exec(command, args);
const defaultSize = String(2 ** 20);

/** A CSI driver whose volumes are file systems in memory, mounted for real: staged once, bound for each pod, and of a size that can grow. Wants root. */
export class TmpfsDriver {
  #server: RpcServer | undefined;
  readonly #socket: string;

  /** `onCall`: told of each call after it was carried out. */
  constructor(rootDir: string, readonly name: string, private readonly onCall: (call: string) => void) {
    this.#socket = join(rootDir, 'plugins_registry', `${name}-reg.sock`);
  }

  async start(): Promise<void> {
    await mkdir(join(this.#socket, '..'), { recursive: true });
    this.#server = new RpcServer({ address: `unix://${this.#socket}` }, { log: silentLogger });
    this.#server.add(csiv1.NodeService, this.#node());
    this.#server.add(pluginregistrationv1.RegistrationService, {
      getInfo: () => Promise.resolve({ type: 'CSIPlugin', name: this.name, endpoint: this.#socket, supportedVersions: ['1.0.0'] }),
      notifyRegistrationStatus: ({ pluginRegistered, error }) => {
        this.onCall(pluginRegistered ? 'registered' : `refused ${error}`);
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
    const called = <T>(call: string, answer: T): T => {
      this.onCall(call);
      return answer;
    };
    return {
      nodeStageVolume: async ({ volumeId, stagingTargetPath, volumeContext }) => {
        await mountOnce(stagingTargetPath, '-t', 'tmpfs', '-o', `size=${volumeContext['size'] ?? defaultSize}`, 'none');
        return called(`stage ${volumeId}`, {});
      },
      nodeUnstageVolume: async ({ volumeId, stagingTargetPath }) => {
        await unmount(stagingTargetPath);
        return called(`unstage ${volumeId}`, {});
      },
      nodePublishVolume: async ({ volumeId, stagingTargetPath, targetPath, volumeContext, readonly }) => {
        // One that was not staged lives and dies with its pod.
        if (stagingTargetPath === '') await mountOnce(targetPath, '-t', 'tmpfs', '-o', `size=${volumeContext['size'] ?? defaultSize}`, 'none');
        else await mountOnce(targetPath, '--bind', stagingTargetPath);
        if (readonly) await run('mount', '-o', 'remount,bind,ro', targetPath);
        return called(`publish ${volumeId} to ${volumeContext['csi.storage.k8s.io/pod.name'] ?? 'somebody'}`, {});
      },
      nodeUnpublishVolume: async ({ volumeId, targetPath }) => {
        await unmount(targetPath);
        await rm(targetPath, { recursive: true, force: true });
        return called(`unpublish ${volumeId}`, {});
      },
      nodeExpandVolume: async ({ volumeId, stagingTargetPath, capacityRange }) => {
        const capacityBytes = capacityRange?.requiredBytes ?? 0n;
        await run('mount', '-o', `remount,size=${capacityBytes}`, stagingTargetPath);
        return called(`expand ${volumeId} to ${capacityBytes}`, { capacityBytes });
      },
      nodeGetCapabilities: () => Promise.resolve({ capabilities: [Rpc.STAGE_UNSTAGE_VOLUME, Rpc.EXPAND_VOLUME].map((type) => ({ type: { $case: 'rpc' as const, value: { type } } })) }),
      nodeGetInfo: () => Promise.resolve({ nodeId: 'node-id-1', maxVolumesPerNode: 0n, accessibleTopology: undefined }),
      nodeGetVolumeStats: () => Promise.reject(new Error('not served')),
    };
  }
}

/** Calls may come again: what is mounted stays so. */
async function mountOnce(path: string, ...what: string[]): Promise<void> {
  await mkdir(path, { recursive: true });
  if (!await isMounted(path)) await run('mount', ...what, path);
}

async function unmount(path: string): Promise<void> {
  if (await isMounted(path)) await run('umount', path);
}

async function isMounted(path: string): Promise<boolean> {
  return (await readFile('/proc/self/mounts', 'utf8')).split('\n').some((line) => line.split(' ')[1] === path);
}
