import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { errorText } from '../error-text';
import { type EventSink } from '../events/event-sink';
import { type KubeletMetrics } from '../kubelet-metrics';
import { podText } from '../pods/pod-spec';
import { httpGet, httpTarget, PlainHttpError, type HttpTarget } from '../probes/http-request';
import { type ContainerRuntime } from '../runtime';

export type HookMetrics = Pick<KubeletMetrics, 'hookHttpFallbacks' | 'sleepsCutShort'>;

export interface HookTarget {
  readonly pod: corev1.Pod;
  readonly container: corev1.Container;
  readonly containerId: string;
  readonly podIP: string;
}

export interface HookDeps {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly events: EventSink;
  readonly metrics: HookMetrics;
}

/** Runs a postStart or preStop hook to its end, or until the signal; rejects with upstream's text when it fails. */
export async function runHook(handler: corev1.LifecycleHandler, target: HookTarget, deps: HookDeps, signal: AbortSignal): Promise<void> {
  const { container, containerId, pod, podIP } = target;
  const where = `for Container "${container.name}" in Pod "${podText(pod)}"`;
  if (handler.exec) {
    const command = handler.exec.command ?? [];
    const failed = (error: string, output: string): Error => new Error(`Exec lifecycle hook ([${command.join(' ')}]) ${where} failed - error: ${error}, message: "${output}"`);
    const answer = await deps.runtime.execSync(containerId, command, 0, signal).catch((error: unknown) => {
      throw failed(errorText(error), '');
    });
    if (answer.exitCode !== 0) {
      throw failed(`command '${command.join(' ')}' exited with ${answer.exitCode}: ${answer.stderr.toString('utf8')}`, Buffer.concat([answer.stdout, answer.stderr]).toString('utf8'));
    }
  } else if (handler.httpGet) {
    try {
      await callHook(httpTarget(handler.httpGet, container, podIP), pod, deps, signal);
    } catch (error) {
      throw new Error(`HTTP lifecycle hook (${handler.httpGet.path ?? ''}) ${where} failed - error: ${errorText(error)}`, { cause: error });
    }
  } else if (handler.sleep) {
    await deps.clock.sleep(handler.sleep.seconds * 1000, signal).catch((error: unknown) => {
      deps.metrics.sleepsCutShort.inc();
      throw error;
    });
  } else {
    // A tcpSocket among them: upstream lets the API have it, and never runs it.
    throw new Error(`Cannot run handler: invalid handler: ${JSON.stringify(handler)}`);
  }
}

const userAgent = 'kube-lifecycle/1.36';

/** Hooks over HTTPS once went out over HTTP: a server that answers so is asked so, without what only a safe way may carry. */
async function callHook(target: HttpTarget, pod: corev1.Pod, { events, metrics }: HookDeps, signal: AbortSignal): Promise<void> {
  try {
    await httpGet(target, userAgent, signal);
  } catch (error) {
    if (!(error instanceof PlainHttpError)) throw error;
    const plain: HttpTarget = { ...target, scheme: 'http', headers: target.headers.filter(({ name }) => name.toLowerCase() !== 'authorization') };
    // Upstream tells of the first failure if this fails too.
    await httpGet(plain, userAgent, signal).catch(() => {
      throw error;
    });
    metrics.hookHttpFallbacks.inc();
    events.pod(
      pod,
      'Warning',
      'LifecycleHTTPFallback',
      `request to HTTPS lifecycle hook ${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port} got HTTP response, retry with HTTP succeeded`,
    );
  }
}
