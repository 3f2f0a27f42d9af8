import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const defaultCluster = 'navarch';

/** Where a cluster's files are. Nothing else builds these paths. */
export class Layout {
  /** `.navarch/<cluster>`: all state; removing it is removing the cluster. */
  readonly dir: string;
  readonly settings: string;
  readonly pki: string;
  readonly kubeconfig: string;
  readonly logs: string;
  readonly etcdData: string;
  readonly natsConfig: string;
  /** Sockets; short, because a unix socket's path has at most 107 bytes. */
  readonly runtimeDir: string;
  readonly controlSocket: string;
  /** Processes as last seen by the supervisor. */
  readonly processes: string;
  readonly hostChanges: string;

  constructor(readonly cluster: string, readonly base: string = resolve('.navarch')) {
    this.dir = join(base, cluster);
    this.settings = join(this.dir, 'cluster.json');
    this.pki = join(this.dir, 'pki');
    this.kubeconfig = cluster === defaultCluster ? join(base, 'kubeconfig') : join(this.dir, 'kubeconfig');
    this.logs = join(this.dir, 'logs');
    this.etcdData = join(this.dir, 'etcd');
    this.natsConfig = join(this.dir, 'nats', 'nats.conf');
    this.runtimeDir = process.getuid?.() === 0 ? `/run/navarch/${cluster}` : join(process.env['XDG_RUNTIME_DIR'] ?? tmpdir(), 'navarch', cluster);
    this.controlSocket = join(this.runtimeDir, 'supervisor.sock');
    this.processes = join(this.dir, 'processes.json');
    this.hostChanges = join(this.dir, 'host-changes.json');
  }

  node(name: string): NodeLayout {
    return new NodeLayout(this, name);
  }

  log(process: string): string {
    return join(this.logs, `${process}.log`);
  }
}

/** Where a node's files are. */
export class NodeLayout {
  readonly dir: string;
  readonly kubelet: string;
  readonly containerdRoot: string;
  readonly containerdState: string;
  readonly containerdConfig: string;
  readonly runtimeSocket: string;
  readonly cniConfig: string;
  readonly cniData: string;
  readonly cgroup: string;
  /** Network namespace, by name as in `ip netns`. */
  readonly netns: string;

  constructor(cluster: Layout, readonly name: string) {
    this.dir = join(cluster.dir, 'nodes', name);
    this.kubelet = join(this.dir, 'kubelet');
    this.containerdRoot = join(this.dir, 'containerd');
    this.containerdState = join(cluster.runtimeDir, name);
    this.containerdConfig = join(this.dir, 'containerd.toml');
    this.runtimeSocket = join(cluster.runtimeDir, `${name}.sock`);
    this.cniConfig = join(this.dir, 'cni', 'net.d');
    this.cniData = join(this.dir, 'cni', 'data');
    this.cgroup = `/navarch/${cluster.cluster}/${name}`;
    this.netns = `nv-${cluster.cluster}-${name}`;
  }
}
