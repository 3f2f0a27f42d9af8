import { fieldErrors, type FieldPath, httpHeaderNameMessages } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { choice, type Findings, nonNegative, portNumberOrName, positive, present, refuse, supported } from '../../../validation/rules';

type Handler = Loose<Pick<corev1.Probe, 'exec' | 'grpc' | 'httpGet' | 'tcpSocket'> & Pick<corev1.LifecycleHandler, 'sleep'>>;

function validateHttpGet(action: Loose<corev1.HTTPGetAction>, path: FieldPath, found: Findings): void {
  present(action.path, path.child('path'), found);
  portNumberOrName(action.port, path.child('port'), found);
  choice(action.scheme, ['HTTP', 'HTTPS'], path.child('scheme'), found);
  for (const { name = '' } of list(action.httpHeaders)) refuse(httpHeaderNameMessages(name), name, path.child('httpHeaders'), found);
}

function validateSleep({ seconds = 0 }: Loose<corev1.SleepAction>, graceSeconds: number, path: FieldPath, found: Findings): void {
  if (seconds < 0 || seconds > graceSeconds)
    found.push(fieldErrors.invalid(path, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`));
}

function validateHandler(handler: Handler, graceSeconds: number, path: FieldPath, found: Findings): void {
  let count = 0;
  const only = (field: keyof Handler, check: (at: FieldPath) => void): void => {
    if (!handler[field]) return;
    if (count++ > 0) found.push(fieldErrors.forbidden(path.child(field), 'may not specify more than 1 handler type'));
    else check(path.child(field));
  };
  only('exec', (at) => {
    if (list(handler.exec?.command).length === 0) found.push(fieldErrors.required(at.child('command')));
  });
  only('httpGet', (at) => validateHttpGet(handler.httpGet ?? {}, at, found));
  only('tcpSocket', (at) => portNumberOrName(handler.tcpSocket?.port, at.child('port'), found));
  only('grpc', (at) => portNumberOrName(handler.grpc?.port, at.child('port'), found));
  only('sleep', (at) => validateSleep(handler.sleep ?? {}, graceSeconds, at, found));
  if (count === 0) found.push(fieldErrors.required(path, 'must specify a handler type'));
}

function validateProbe(probe: Loose<corev1.Probe>, path: FieldPath, found: Findings): void {
  validateHandler(probe, 0, path, found);
  nonNegative(probe.initialDelaySeconds, path.child('initialDelaySeconds'), found);
  nonNegative(probe.timeoutSeconds, path.child('timeoutSeconds'), found);
  nonNegative(probe.periodSeconds, path.child('periodSeconds'), found);
  nonNegative(probe.successThreshold, path.child('successThreshold'), found);
  nonNegative(probe.failureThreshold, path.child('failureThreshold'), found);
  positive(probe.terminationGracePeriodSeconds, path.child('terminationGracePeriodSeconds'), found);
}

function succeedsOnce({ successThreshold }: Loose<corev1.Probe>, path: FieldPath, found: Findings): void {
  if (successThreshold !== 1) found.push(fieldErrors.invalid(path.child('successThreshold'), successThreshold ?? 0, 'must be 1'));
}

/** Signals differ from one operating system to the other; Windows knows two. */
const windowsSignals = ['SIGKILL', 'SIGTERM'];
const linuxSignals =
  /^SIG(ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IO|IOT|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|STKFLT|STOP|SYS|TERM|TRAP|TSTP|TTIN|TTOU|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ|RTMIN(\+([1-9]|1[0-5]))?|RTMAX(-([1-9]|1[0-4]))?)$/;

function validateStopSignal(signal: string, os: string, path: FieldPath, found: Findings): void {
  if (os === '') found.push(fieldErrors.forbidden(path, 'may not be set for containers with empty `spec.os.name`'));
  else if (os === 'windows') supported(signal, windowsSignals, path, found);
  else if (!linuxSignals.test(signal)) found.push(fieldErrors.notSupported(path, signal, []));
}

/** Probes and hooks of a container that may have them. */
export function validateProbesAndHooks(container: Loose<corev1.Container>, { graceSeconds, os }: { readonly graceSeconds: number; readonly os: string }, path: FieldPath, found: Findings): void {
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = container;
  if (lifecycle?.postStart) validateHandler(lifecycle.postStart, graceSeconds, path.child('lifecycle', 'postStart'), found);
  if (lifecycle?.preStop) validateHandler(lifecycle.preStop, graceSeconds, path.child('lifecycle', 'preStop'), found);
  if (lifecycle?.stopSignal !== undefined) validateStopSignal(lifecycle.stopSignal, os, path.child('lifecycle', 'stopSignal'), found);
  if (livenessProbe) {
    validateProbe(livenessProbe, path.child('livenessProbe'), found);
    succeedsOnce(livenessProbe, path.child('livenessProbe'), found);
  }
  if (readinessProbe) {
    validateProbe(readinessProbe, path.child('readinessProbe'), found);
    const { terminationGracePeriodSeconds } = readinessProbe;
    if (terminationGracePeriodSeconds !== undefined)
      found.push(fieldErrors.invalid(path.child('readinessProbe', 'terminationGracePeriodSeconds'), terminationGracePeriodSeconds, 'must not be set for readinessProbes'));
  }
  if (startupProbe) {
    validateProbe(startupProbe, path.child('startupProbe'), found);
    succeedsOnce(startupProbe, path.child('startupProbe'), found);
  }
}
