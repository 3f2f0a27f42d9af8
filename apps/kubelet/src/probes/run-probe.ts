import { type corev1 } from '@navarch/api';
import { expand } from '../containers/expand';
import { errorText } from '../error-text';
import { type ContainerRuntime } from '../runtime';
import { dialTcp } from './dial-tcp';
import { checkGrpcHealth } from './grpc-health';
import { httpGet, httpTarget, resolvePort } from './http-request';

export interface ProbeOutcome {
  /** `unknown`: the probe itself could not be made; it counts neither way. `warning`: a success that its user should hear of. */
  readonly result: 'success' | 'warning' | 'failure' | 'unknown';
  readonly output: string;
}

export interface ProbeTarget {
  readonly container: corev1.Container;
  readonly containerId: string;
  readonly podIP: string;
}

const maxOutputChars = 10 * 1024;

/** Upstream's maxProbeRetries. */
const attempts = 3;

/** Probes a container; one that cannot be made is tried again at once. Never rejects. */
export async function runProbe(probe: corev1.Probe, target: ProbeTarget, runtime: ContainerRuntime): Promise<ProbeOutcome> {
  let outcome = await runOnce(probe, target, runtime);
  for (let attempt = 1; attempt < attempts && outcome.result === 'unknown'; attempt++) outcome = await runOnce(probe, target, runtime);
  return outcome;
}

async function runOnce(probe: corev1.Probe, target: ProbeTarget, runtime: ContainerRuntime): Promise<ProbeOutcome> {
  const timeoutSeconds = probe.timeoutSeconds ?? 1;
  try {
    if (probe.exec) return await probeExec(commandOf(probe.exec, target), target, timeoutSeconds, runtime);
    const signal = AbortSignal.timeout(timeoutSeconds * 1000);
    if (probe.httpGet) return await probeHttp(probe.httpGet, target, signal);
    if (probe.tcpSocket) return await dialTcp(probe.tcpSocket.host ? probe.tcpSocket.host : target.podIP, resolvePort(target.container, probe.tcpSocket.port), signal);
    if (probe.grpc) return await checkGrpcHealth(target.podIP, probe.grpc.port, probe.grpc.service ?? '', timeoutSeconds * 1000);
    return { result: 'unknown', output: 'missing probe handler' };
  } catch (error) {
    return { result: 'unknown', output: errorText(error) };
  }
}

/** Only variables that the spec itself gives a value are known, as upstream has it; those from elsewhere are empty. */
function commandOf({ command = [] }: corev1.ExecAction, { container }: ProbeTarget): string[] {
  const variables = new Map((container.env ?? []).map(({ name, value }) => [name, value ?? '']));
  return command.map((text) => expand(text, (name) => variables.get(name)));
}

async function probeExec(command: readonly string[], target: ProbeTarget, timeoutSeconds: number, runtime: ContainerRuntime): Promise<ProbeOutcome> {
  try {
    const { exitCode, stdout, stderr } = await runtime.execSync(target.containerId, command, timeoutSeconds);
    const output = Buffer.concat([stdout, stderr]).toString('utf8').slice(0, maxOutputChars);
    return { result: exitCode === 0 ? 'success' : 'failure', output };
  } catch (error) {
    const text = errorText(error);
    // A command that takes too long is the container's fault, anything else the runtime's.
    if (/DeadlineExceeded|timeout|timed out/i.test(text)) return { result: 'failure', output: `command timed out: "${command.join(' ')}" timed out after ${timeoutSeconds}s` };
    return { result: 'unknown', output: text };
  }
}

async function probeHttp(action: corev1.HTTPGetAction, target: ProbeTarget, signal: AbortSignal): Promise<ProbeOutcome> {
  const destination = httpTarget(action, target.container, target.podIP);
  try {
    const { status, body } = await httpGet(destination, 'kube-probe/1.36', signal);
    if (status >= 300 && status < 400) return { result: 'warning', output: `Probe terminated redirects, Response body: ${body}` };
    if (status >= 200 && status < 400) return { result: 'success', output: body };
    return { result: 'failure', output: `HTTP probe failed with statuscode: ${status}` };
  } catch (error) {
    return { result: 'failure', output: errorText(error) };
  }
}
