import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { errorText } from '../error-text';
import { podText } from '../pods/pod-spec';
import { httpGet, httpTarget, resolvePort } from '../probes/http-request';
import { dialTcp } from '../probes/dial-tcp';
import { type ContainerRuntime } from '../runtime';

export interface HookTarget {
  readonly pod: corev1.Pod;
  readonly container: corev1.Container;
  readonly containerId: string;
  readonly podIP: string;
}

/** Runs a postStart or preStop hook to its end, or until the signal; rejects with upstream's text when it fails. */
export async function runHook(handler: corev1.LifecycleHandler, target: HookTarget, deps: { readonly runtime: ContainerRuntime; readonly clock: Clock }, signal: AbortSignal): Promise<void> {
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
      await httpGet(httpTarget(handler.httpGet, container, podIP), 'kube-lifecycle/1.36', signal);
    } catch (error) {
      throw new Error(`HTTP lifecycle hook (${handler.httpGet.path ?? ''}) ${where} failed - error: ${errorText(error)}`, { cause: error });
    }
  } else if (handler.tcpSocket) {
    const host = handler.tcpSocket.host ? handler.tcpSocket.host : podIP;
    const { result, output } = await dialTcp(host, resolvePort(container, handler.tcpSocket.port), signal);
    if (result !== 'success') throw new Error(`TCP lifecycle hook (${host}:${handler.tcpSocket.port}) ${where} failed - error: ${output}`);
  } else if (handler.sleep) await deps.clock.sleep(handler.sleep.seconds * 1000, signal);
}
