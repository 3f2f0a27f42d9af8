import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

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
  /** A copy of the settings while the cluster is up, for `up` of other clones on this machine. */
  readonly runningSettings: string;
  /** Processes as last seen by the supervisor. */
  readonly processes: string;
  readonly hostNotes: { readonly ofCluster: string; readonly forwardingBefore: string };
  /** Specs of all processes, as the supervisor was told. */
  readonly plan: string;
  /** One folder a registry, as containerd reads it (hosts.toml). */
  readonly registries: string;
  /** Archives of our own images, for all clusters. */
  readonly images: string;
  readonly warmStart: string;

  constructor(readonly cluster: string, readonly base: string = resolve('.navarch')) {
    this.dir = join(base, cluster);
    this.settings = join(this.dir, 'cluster.json');
    this.pki = join(this.dir, 'pki');
    this.kubeconfig = cluster === defaultCluster ? join(base, 'kubeconfig') : join(this.dir, 'kubeconfig');
    this.logs = join(this.dir, 'logs');
    this.etcdData = join(this.dir, 'etcd');
    this.natsConfig = join(this.dir, 'nats', 'nats.conf');
    this.runtimeDir = process.getuid?.() === 0 ? `/run/navarch/${cluster}` : join(userRuntimeDir(), cluster);
    this.controlSocket = join(this.runtimeDir, 'supervisor.sock');
    this.runningSettings = join(this.runtimeDir, 'cluster.json');
    this.plan = join(this.dir, 'plan.json');
    this.registries = join(this.dir, 'registries');
    this.images = join(base, '.cache', 'images');
    this.warmStart = join(base, '.cache', 'warm-start');
    this.processes = join(this.dir, 'processes.json');
    this.hostNotes = { ofCluster: join(this.dir, 'host-changes.json'), forwardingBefore: join(dirname(this.runtimeDir), 'ip_forward.before') };
  }

  node(name: string): NodeLayout {
    return new NodeLayout(this, name);
  }

  /** Held by an `up` while it chooses ports and networks. */
  get choosing(): string {
    return join(dirname(this.runtimeDir), 'up.lock');
  }

  /** Where a process tells what crosses its boundaries. */
  tapSocket(process: string): string {
    return join(this.runtimeDir, `tap-${process}.sock`);
  }

  log(process: string): string {
    return join(this.logs, `${process}.log`);
  }
}

/** For users who may not write to /run; short, and no other user's. */
function userRuntimeDir(): string {
  const own = process.env['XDG_RUNTIME_DIR'];
  return own !== undefined && own !== '' ? join(own, 'navarch') : join(tmpdir(), `navarch-${process.getuid?.() ?? ''}`);
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
  /** Data of claims. */
  readonly volumes: string;
  readonly cgroup: string;
  readonly resolvConf: string;
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
    this.volumes = join(this.dir, 'volumes');
    this.resolvConf = join(this.dir, 'resolv.conf');
    this.cgroup = `/navarch/${cluster.cluster}/${name}`;
    this.netns = `nv-${cluster.cluster}-${name}`;
  }
}
