import { type corev1 } from '@navarch/api';
import { ApiError, badRequest, goQuote, notFound } from '@navarch/apimachinery';
import { type nodev1 } from '@navarch/proto';
import { type RemoteCommandStreams } from '@navarch/streaming';
import { findContainer } from '../pods/pod-spec';
import { latestContainer, type ContainerView, type SandboxView } from '../pods/runtime-view';
import { type PodTable } from '../pods/pod-table';
import { type PodWorker } from '../pods/pod-worker';

/** The worker of a pod; throws NotFound for a pod that is not on this node, or is another of the same name. */
export function findPod(table: PodTable, namespace: string, pod: string, uid: string): PodWorker {
  const worker = uid === '' ? table.find(namespace, pod) : table.get(uid);
  if (!worker || worker.pod.metadata.name !== pod || worker.pod.metadata.namespace !== namespace) throw notFound({ group: '', resource: 'pods' }, pod);
  return worker;
}

const notRunning = (name: string): string => `container not found (${goQuote(name)})`;

/** The container that a command or, with other words for the failure, an attachment is for; throws unless it runs, with upstream's code and text. */
export function findRunningContainer(table: PodTable, key: nodev1.ContainerKey | undefined, describe: (name: string) => string = notRunning): ContainerView {
  const { worker, name } = findNamed(table, key);
  const container = latestContainer(worker.view, name);
  if (container?.state !== 'running') throw new ApiError({ code: 500, reason: 'InternalError', message: describe(name) });
  return container;
}

/**
 * The container that somebody attaches to, and with which streams: a process has a terminal from its start or never, so that whether there
 * is one is said by the container, not by who asks.
 */
export function findAttached(table: PodTable, key: nodev1.ContainerKey | undefined, { stdin, stdout, stderr }: RemoteCommandStreams): { readonly id: string; readonly streams: RemoteCommandStreams } {
  const { worker, name } = findNamed(table, key);
  const { name: pod = '', namespace = '' } = worker.pod.metadata;
  const tty = findContainer(worker.pod, name)?.tty === true;
  return { id: findRunningContainer(table, key, () => `container ${name} not found in pod ${pod}_${namespace}`).id, streams: { stdin, stdout, stderr: stderr && !tty, tty } };
}

/** The sandbox whose ports are asked for; throws unless it is up. */
export function findSandbox(table: PodTable, namespace: string, pod: string, uid: string): SandboxView {
  const sandbox = findPod(table, namespace, pod, uid).view.sandboxes[0];
  if (sandbox?.ready !== true) throw badRequest(`pod ${pod} is not running`);
  return sandbox;
}

/** The container whose log is asked for; throws with upstream's text when it has none. */
export function findLoggedContainer(table: PodTable, key: nodev1.ContainerKey | undefined, previous: boolean): { readonly worker: PodWorker; readonly container: ContainerView } {
  const { worker, name } = findNamed(table, key);
  const pod = worker.pod.metadata.name ?? '';
  const all = worker.view.containers.filter((container) => container.name === name);
  if (previous) {
    // A container that waits for its next start has already ended: that one is the previous.
    const status = statusOf(worker.status, name);
    const ended = all.filter(({ state }) => state === 'exited');
    const container = status?.state?.terminated ? ended[1] : ended[0];
    if (!container) throw badRequest(`previous terminated container "${name}" in pod "${pod}" not found`);
    return { worker, container };
  }
  const container = all[0];
  if (!container || container.logPath === '') {
    const waiting = statusOf(worker.status, name)?.state?.waiting;
    throw badRequest(
      `container "${name}" in pod "${pod}" is waiting to start: ${waiting?.message && waiting.reason?.startsWith('ErrImage') ? describeImage(waiting) : (waiting?.reason ?? 'no logs yet')}`,
    );
  }
  return { worker, container };
}

function findNamed(table: PodTable, key: nodev1.ContainerKey | undefined): { worker: PodWorker; name: string } {
  if (!key) throw badRequest('no container was named');
  const worker = findPod(table, key.namespace, key.pod, key.podUid);
  const name = key.container === '' ? worker.pod.spec?.containers[0]?.name ?? '' : key.container;
  if (!findContainer(worker.pod, name)) throw badRequest(`container ${name} is not valid for pod ${key.pod}`);
  return { worker, name };
}

function describeImage({ reason }: corev1.ContainerStateWaiting): string {
  return reason === 'ErrImagePull' ? 'image can\'t be pulled' : reason ?? '';
}

function statusOf(status: corev1.PodStatus, name: string): corev1.ContainerStatus | undefined {
  return [...status.initContainerStatuses ?? [], ...status.containerStatuses ?? [], ...status.ephemeralContainerStatuses ?? []].find((candidate) => candidate.name === name);
}
