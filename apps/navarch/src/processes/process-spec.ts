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

/** The command line as executed, network namespace included. */
export function commandLine(spec: ProcessSpec): { command: string; args: string[] } {
  // Only the network namespace: kubelet and containerd must share the host's mounts.
  if (spec.netns !== undefined) return { command: 'nsenter', args: [`--net=/run/netns/${spec.netns}`, '--', spec.command, ...spec.args] };
  return { command: spec.command, args: [...spec.args] };
}
