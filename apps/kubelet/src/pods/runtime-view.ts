/** What the runtime has of one pod, in the words the decisions need. Made from CRI answers by `observe-pod.ts`. */
export interface RuntimeView {
  /** Newest first. */
  readonly sandboxes: readonly SandboxView[];
  /** Newest first. */
  readonly containers: readonly ContainerView[];
}

export interface SandboxView {
  readonly id: string;
  readonly attempt: number;
  readonly ready: boolean;
  readonly createdAtMs: number;
  /** Empty for a pod in the host's network. */
  readonly ips: readonly string[];
  readonly hostNetwork: boolean;
  /** The runtime's handler that it runs by; empty for the runtime's own choice. */
  readonly handler: string;
}

export interface ContainerView {
  readonly id: string;
  readonly name: string;
  readonly sandboxId: string;
  /** How many containers of this name came before it: its restart count. */
  readonly attempt: number;
  /** Of the part of its spec that a running container cannot follow; empty if it does not say. */
  readonly hash: string;
  readonly state: 'created' | 'running' | 'exited' | 'unknown';
  readonly createdAtMs: number;
  /** 0 before it has started. */
  readonly startedAtMs: number;
  /** 0 before it has ended. */
  readonly finishedAtMs: number;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  readonly image: string;
  readonly imageRef: string;
  readonly logPath: string;
  /** What the runtime asks it to end by, as a spec names it; undefined if it does not say. */
  readonly stopSignal?: string;
  readonly user?: { readonly uid: number; readonly gid: number; readonly supplementalGroups: readonly number[] };
}

export const emptyRuntimeView: RuntimeView = { sandboxes: [], containers: [] };

/** The newest container of a name, in one sandbox if that is given. */
export function latestContainer(view: RuntimeView, name: string, sandboxId?: string): ContainerView | undefined {
  return view.containers.find((container) => container.name === name && (sandboxId === undefined || container.sandboxId === sandboxId));
}

/** A view with one container added or brought up to date. A state never goes back: an older answer loses. */
export function withContainer(view: RuntimeView, container: ContainerView): RuntimeView {
  const known = view.containers.find((other) => other.id === container.id);
  if (known && order[known.state] > order[container.state]) return view;
  const containers = [...view.containers.filter((other) => other.id !== container.id), container];
  return { ...view, containers: containers.sort(newestFirst) };
}

/** A view with one sandbox added or brought up to date. */
export function withSandbox(view: RuntimeView, sandbox: SandboxView): RuntimeView {
  const sandboxes = [...view.sandboxes.filter((other) => other.id !== sandbox.id), sandbox];
  return { ...view, sandboxes: sandboxes.sort(newestFirst) };
}

/**
 * A fresh look at the runtime, with what is known now: nothing is lost that came into being while it was taken
 * (`before` is what was known when it began), and no state goes back.
 */
export function mergeViews(now: RuntimeView, fresh: RuntimeView, before: RuntimeView): RuntimeView {
  const listed = new Set([...fresh.containers, ...fresh.sandboxes].map(({ id }) => id));
  const older = new Set([...before.containers, ...before.sandboxes].map(({ id }) => id));
  let view = fresh;
  const unchanged = new Set(before.containers);
  for (const container of now.containers) {
    const seen = fresh.containers.find(({ id }) => id === container.id);
    // That a runtime has lost a container, or found it again, is no step of its life: the look is believed, unless something was learnt meanwhile.
    if (seen && [seen.state, container.state].includes('unknown') && container.state !== 'exited' && unchanged.has(container)) continue;
    if (listed.has(container.id) || !older.has(container.id)) view = withContainer(view, container);
  }
  for (const sandbox of now.sandboxes) {
    // A sandbox that is down stays down.
    if (!older.has(sandbox.id) || (listed.has(sandbox.id) && !sandbox.ready)) view = withSandbox(view, sandbox);
  }
  return view;
}

export function newestFirst(a: { createdAtMs: number; attempt: number }, b: { createdAtMs: number; attempt: number }): number {
  return b.createdAtMs - a.createdAtMs || b.attempt - a.attempt;
}

const order: Record<ContainerView['state'], number> = { unknown: 0, created: 0, running: 1, exited: 2 };
