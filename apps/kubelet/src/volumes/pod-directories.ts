import { basename, dirname, join } from 'node:path';

/** Where a node keeps what belongs to its pods. */
export class PodDirectories {
  constructor(private readonly rootDir: string, private readonly logsDir: string) {}

  get pods(): string {
    return join(this.rootDir, 'pods');
  }

  /** A tmpfs of the whole node, for what must never reach a disk. */
  get memory(): string {
    return join(this.rootDir, 'memory');
  }

  get seccomp(): string {
    return join(this.rootDir, 'seccomp');
  }

  get logs(): string {
    return this.logsDir;
  }

  /** Links to the logs of all containers, beside those of pods: where upstream has `/var/log/pods` and `/var/log/containers`, so has this. */
  get containerLogs(): string {
    return join(dirname(this.logsDir), basename(this.logsDir) === 'pods' ? 'containers' : 'container-logs');
  }

  pod(uid: string): string {
    return join(this.pods, uid);
  }

  podVolumes(uid: string): string {
    return join(this.pod(uid), 'volumes');
  }

  podSubPaths(uid: string): string {
    return join(this.pod(uid), 'volume-subpaths');
  }

  podMemory(uid: string): string {
    return join(this.memory, uid);
  }

  /** A volume on disk; `kind` is upstream's plug-in name, such as `empty-dir`. */
  volume(uid: string, kind: string, name: string): string {
    return join(this.podVolumes(uid), `kubernetes.io~${kind}`, name);
  }

  /** A file that says, as upstream's does, that a volume has been made and is the pod's since. */
  ready(uid: string, kind: string, name: string): string {
    return join(this.pod(uid), 'plugins', `kubernetes.io~${kind}`, name, 'ready');
  }

  memoryVolume(uid: string, kind: string, name: string): string {
    return join(this.podMemory(uid), `kubernetes.io~${kind}`, name);
  }

  /** Sockets of plug-ins that want to be registered. */
  get pluginsRegistry(): string {
    return join(this.rootDir, 'plugins_registry');
  }

  get plugins(): string {
    return join(this.rootDir, 'plugins');
  }

  get devicePlugins(): string {
    return join(this.rootDir, 'device-plugins');
  }

  get podResources(): string {
    return join(this.rootDir, 'pod-resources');
  }

  get csi(): string {
    return join(this.plugins, 'kubernetes.io', 'csi');
  }

  /** A volume's directory, by upstream's plug-in name; what is not on disk in one of the pod's. */
  csiVolume(uid: string, specName: string): string {
    return this.volume(uid, 'csi', specName);
  }

  podDevices(uid: string): string {
    return join(this.pod(uid), 'volumeDevices');
  }

  hostsFile(uid: string): string {
    return join(this.pod(uid), 'etc-hosts');
  }

  /** The termination message file of one start of a container. */
  terminationLog(uid: string, container: string, attempt: number): string {
    return join(this.pod(uid), 'containers', container, String(attempt));
  }

  subPath(uid: string, volume: string, container: string, index: number): string {
    return join(this.podSubPaths(uid), volume, container, String(index));
  }

  podLogs(namespace: string, name: string, uid: string): string {
    return join(this.logsDir, `${namespace}_${name}_${uid}`);
  }
}
