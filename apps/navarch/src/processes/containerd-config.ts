import type { NodeLayout } from '../cluster/layout';

export interface ContainerdOptions {
  /** Image that holds a pod's namespaces. */
  readonly sandboxImage: string;
  /** Containers may not get a lower OOM score than containerd itself: for machines without CAP_SYS_RESOURCE. */
  readonly restrictOomScoreAdj: boolean;
  /** Needs both the kernel's support and apparmor_parser. */
  readonly apparmor: boolean;
  readonly snapshotter: 'overlayfs' | 'native';
  /** Directory with one folder a registry (hosts.toml), as containerd reads it. */
  readonly registryConfigPath: string;
}

const quote = (text: string): string => JSON.stringify(text);

/** containerd's configuration for one node: everything in the node's own directories and sockets. */
export function containerdConfig(node: NodeLayout, options: ContainerdOptions): string {
  return `version = 2
root = ${quote(node.containerdRoot)}
state = ${quote(node.containerdState)}
# Plug-ins that a node does not use; each costs start-up time.
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp"]

[grpc]
  address = ${quote(node.runtimeSocket)}

# A shim that does not answer within so long after containerd's own restart is taken for dead, and what runs in it is killed: five seconds are little on a busy machine.
[timeouts]
  "io.containerd.timeout.shim.load" = "1m"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${quote(options.sandboxImage)}
  restrict_oom_score_adj = ${String(options.restrictOomScoreAdj)}
  netns_mounts_under_state_dir = true
  disable_apparmor = ${String(!options.apparmor)}
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = ${quote(node.cniConfig)}
    max_conf_num = 1
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = ${quote(options.snapshotter)}
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = ${quote(options.registryConfigPath)}
`;
}
