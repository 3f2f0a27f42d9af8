/** How to run one process of a cluster, and how to see whether it is well. */
export interface ProcessSpec {
  /** Unique in the cluster: `apiserver`, `kubelet@node-1`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Network namespace to run in; absent: the host's. */
  readonly netns?: string;
  /** Where to ask for health; absent: alive is healthy. */
  readonly health?: HealthProbe;
  /** TCP ports it listens on, the main one first; for people. */
  readonly ports?: readonly number[];
  /** It is of no use before this one is well: it starts then. */
  readonly after?: string;
  /** Node it belongs to. */
  readonly node?: string;
}

export type HealthProbe =
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'https'; readonly url: string; readonly identity: { readonly ca: string; readonly cert: string; readonly key: string } }
  | { readonly kind: 'socket'; readonly path: string };

/** The command line as executed, namespaces included. */
export function commandLine(spec: ProcessSpec): { command: string; args: string[] } {
  if (spec.netns === undefined) return { command: spec.command, args: [...spec.args] };
  // Not the mounts: kubelet and containerd must share the host's.
  return { command: 'nsenter', args: [`--net=/run/netns/${spec.netns}`, '--', ...named(spec.node), spec.command, ...spec.args] };
}

/** What gives the process that it becomes its node's name as hostname, which pods in the node's network then have, as on a machine of its own. */
function named(node: string | undefined): string[] {
  return node === undefined ? [] : ['unshare', '--uts', '--', 'sh', '-c', 'echo "$0" > /proc/sys/kernel/hostname && exec "$@"', node];
}
