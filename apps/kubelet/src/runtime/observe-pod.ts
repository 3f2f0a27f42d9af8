import { runtimev1 } from '@navarch/proto';
import { type ContainerRuntime } from '../runtime';
import { emptyRuntimeView, newestFirst, type ContainerView, type RuntimeView, type SandboxView } from '../pods/runtime-view';
import { containerNameLabel, hashAnnotation, podUidLabel } from './labels';
import { terminationMessage } from './termination-message';

/**
 * Asks the runtime for everything it has of a pod. What is in the state in which it is known has nothing new to tell: of a view only the state
 * changes, and what comes with a state.
 */
export async function observePod(runtime: ContainerRuntime, podUid: string, known: RuntimeView = emptyRuntimeView): Promise<RuntimeView> {
  const labels = { [podUidLabel]: podUid };
  const [sandboxes, containers] = await Promise.all([runtime.listPodSandboxes(labels), runtime.listContainers(labels)]);
  const sandbox = async ({ id, state }: runtimev1.PodSandbox): Promise<SandboxView | undefined> =>
    known.sandboxes.find((view) => view.id === id && view.ready === isReady(state) && hasNetwork(view)) ?? (await observeSandbox(runtime, id));
  const container = async ({ id, podSandboxId, state }: runtimev1.Container): Promise<ContainerView | undefined> =>
    known.containers.find((view) => view.id === id && view.state === states[state]) ?? (await observeContainer(runtime, id, podSandboxId));
  const [sandboxViews, containerViews] = await Promise.all([Promise.all(sandboxes.map(sandbox)), Promise.all(containers.map(container))]);
  return {
    sandboxes: sandboxViews.filter((view) => view !== undefined).sort(newestFirst),
    containers: containerViews.filter((view) => view !== undefined).sort(newestFirst),
  };
}

/** Addresses may come after a sandbox is ready. */
const hasNetwork = ({ hostNetwork, ips }: SandboxView): boolean => hostNetwork || ips.length > 0;

const isReady = (state: runtimev1.PodSandboxState): boolean => state === runtimev1.PodSandboxState.SANDBOX_READY;

/** Undefined when it is gone by now. */
export async function observeSandbox(runtime: ContainerRuntime, sandboxId: string): Promise<SandboxView | undefined> {
  const status = await runtime.podSandboxStatus(sandboxId).catch(async (error: unknown) => {
    const known = await runtime.listPodSandboxes();
    if (known.some(({ id }) => id === sandboxId)) throw error;
    return undefined;
  });
  return status && sandboxView(status);
}

function sandboxView(status: runtimev1.PodSandboxStatus): SandboxView {
  const hostNetwork = status.linux?.namespaces?.options?.network === runtimev1.NamespaceMode.NODE;
  const network = status.network;
  const ips = hostNetwork || !network ? [] : [network.ip, ...network.additionalIps.map(({ ip }) => ip)].filter((ip) => ip !== '');
  return {
    id: status.id,
    attempt: status.metadata?.attempt ?? 0,
    ready: isReady(status.state),
    createdAtMs: milliseconds(status.createdAt),
    ips,
    hostNetwork,
    handler: status.runtimeHandler,
  };
}

/** Undefined when it is gone by now. Reads its termination message once it has ended. */
export async function observeContainer(runtime: ContainerRuntime, containerId: string, sandboxId: string): Promise<ContainerView | undefined> {
  const status = await runtime.containerStatus(containerId);
  return status && { ...containerView(status, sandboxId), ...(status.state === runtimev1.ContainerState.CONTAINER_EXITED ? { message: await terminationMessage(status) } : {}) };
}

/** A container's status does not name its sandbox: the caller does. */
function containerView(status: runtimev1.ContainerStatus, sandboxId: string): ContainerView {
  const user = status.user?.linux;
  return {
    id: status.id,
    name: status.labels[containerNameLabel] ?? status.metadata?.name ?? '',
    sandboxId,
    attempt: status.metadata?.attempt ?? 0,
    hash: status.annotations[hashAnnotation] ?? '',
    state: states[status.state] ?? 'unknown',
    createdAtMs: milliseconds(status.createdAt),
    startedAtMs: milliseconds(status.startedAt),
    finishedAtMs: milliseconds(status.finishedAt),
    exitCode: status.exitCode,
    reason: status.reason,
    message: status.message,
    image: status.image?.userSpecifiedImage || status.image?.image || '',
    imageRef: status.imageRef,
    logPath: status.logPath,
    ...stopSignalOf(status.stopSignal),
    ...(user ? { user: { uid: Number(user.uid), gid: Number(user.gid), supplementalGroups: user.supplementalGroups.map(Number) } } : {}),
  };
}

/** Undefined where the runtime does not say, or says one that nobody knows. */
function stopSignalOf(signal: runtimev1.Signal): { stopSignal?: string } {
  const known = signal !== runtimev1.Signal.RUNTIME_DEFAULT && signal in runtimev1.Signal;
  return known ? { stopSignal: runtimev1.signalToJSON(signal) } : {};
}

const states: Partial<Record<runtimev1.ContainerState, ContainerView['state']>> = {
  [runtimev1.ContainerState.CONTAINER_CREATED]: 'created',
  [runtimev1.ContainerState.CONTAINER_RUNNING]: 'running',
  [runtimev1.ContainerState.CONTAINER_EXITED]: 'exited',
};

function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n);
}
