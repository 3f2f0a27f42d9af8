import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { defaultPullPolicy } from './image-tag';

function defaultHttpGet(action: Loose<corev1.HTTPGetAction> | undefined): void {
  if (!action) return;
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}

function defaultProbe(probe: Loose<corev1.Probe> | undefined): void {
  if (!probe) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  defaultHttpGet(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= '';
}

/** Defaults of a regular, init or ephemeral container; the last has most of its fields. */
export function defaultContainer(container: Loose<corev1.Container> | Loose<corev1.EphemeralContainer>): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image);
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  container.resources ??= {};
  for (const port of list(container.ports)) port.protocol ||= 'TCP';
  for (const { valueFrom } of list(container.env)) {
    if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ||= 'v1';
    if (valueFrom?.resourceFieldRef) valueFrom.resourceFieldRef.divisor ||= '0';
    if (valueFrom?.fileKeyRef) valueFrom.fileKeyRef.optional ??= false;
  }
  defaultProbe(container.livenessProbe);
  defaultProbe(container.readinessProbe);
  defaultProbe(container.startupProbe);
  defaultHttpGet(container.lifecycle?.postStart?.httpGet);
  defaultHttpGet(container.lifecycle?.preStop?.httpGet);
}

/** What has a limit and no request gets the limit as its request: on pods only, not in templates. */
export function defaultRequestsFromLimits(container: Loose<corev1.Container>): void {
  const { resources } = container;
  if (Object.keys(resources?.limits ?? {}).length === 0 || !resources) return;
  resources.requests = { ...resources.limits, ...resources.requests };
}
