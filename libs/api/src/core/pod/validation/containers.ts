import { fieldErrors, type FieldPath, portNameMessages } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { choice, dnsLabel, type Findings, oneOf, portNumber, present, refuse, sorted, supported } from '../../../validation/rules';
import { validateEnv, validateEnvFrom } from './environment';
import { validateProbesAndHooks } from './probes';
import { validateResources } from './resources';
import { validateSecurityContext } from './security';
import { validateVolumeDevices, validateVolumeMounts, type Volumes } from './volume-mounts';

type Container = Loose<corev1.Container>;

/** What the rules of a container need to know of its pod. */
export interface PodParts {
  readonly volumes: Volumes;
  readonly claimNames: ReadonlySet<string>;
  readonly graceSeconds: number;
  /** Empty where none is named. */
  readonly os: string;
  /** Whether users in the containers are users of the host. */
  readonly hostUsers: boolean;
  /** Not a template. */
  readonly isPod: boolean;
  /** The pod's own; containers may have others. */
  readonly restartPolicy: string;
  /** Amounts of huge pages that are no whole pages: who has them may keep them. */
  readonly partialPages: boolean;
}

export const protocols = ['SCTP', 'TCP', 'UDP'];
const pullPolicies = sorted(['Always', 'IfNotPresent', 'Never']);
const restartPolicies = ['Always', 'Never', 'OnFailure'];

function validatePorts(ports: readonly Loose<corev1.ContainerPort>[] | undefined, path: FieldPath, found: Findings): void {
  const names = new Set<string>();
  list(ports).forEach(({ name, containerPort = 0, hostPort, protocol }, i) => {
    const at = path.index(i);
    if (name) {
      const messages = portNameMessages(name);
      refuse(messages, name, at.child('name'), found);
      if (messages.length === 0 && names.has(name)) found.push(fieldErrors.duplicate(at.child('name'), name));
      names.add(name);
    }
    if (containerPort === 0) found.push(fieldErrors.required(at.child('containerPort')));
    else portNumber(containerPort, at.child('containerPort'), found);
    if (hostPort) portNumber(hostPort, at.child('hostPort'), found);
    choice(protocol, protocols, at.child('protocol'), found);
  });
}

function validateRestartRules({ restartPolicy, restartPolicyRules }: Container, path: FieldPath, found: Findings): void {
  supported(restartPolicy, restartPolicies, path.child('restartPolicy'), found);
  const rules = list(restartPolicyRules);
  if (rules.length === 0) return;
  if (restartPolicy === undefined) found.push(fieldErrors.required(path.child('restartPolicy'), 'must specify restartPolicy when restart rules are used'));
  if (rules.length > maxRules) found.push(fieldErrors.tooMany(path.child('restartPolicyRules'), rules.length, maxRules));
  rules.forEach(({ action, exitCodes }, i) => {
    const at = path.child('restartPolicyRules').index(i);
    oneOf(action, ['Restart', 'RestartAllContainers'], at.child('action'), found);
    if (!exitCodes) found.push(fieldErrors.required(at.child('exitCodes'), 'must be specified'));
    else {
      oneOf(exitCodes.operator, ['In', 'NotIn'], at.child('exitCodes', 'operator'), found);
      if (list(exitCodes.values).length > maxExitCodes) found.push(fieldErrors.tooMany(at.child('exitCodes', 'values'), list(exitCodes.values).length, maxExitCodes));
    }
  });
}

const maxRules = 20;
const maxExitCodes = 255;
const resizable = ['cpu', 'memory'];

function validateResizePolicy(policies: readonly Loose<corev1.ContainerResizePolicy>[] | undefined, podRestartPolicy: string, path: FieldPath, found: Findings): void {
  const seen = new Set<string>();
  list(policies).forEach(({ resourceName = '', restartPolicy = '' }, i) => {
    if (seen.has(resourceName)) found.push(fieldErrors.duplicate(path.index(i), resourceName));
    seen.add(resourceName);
    // Upstream names the list here, not the policy.
    choice(resourceName, resizable, path, found);
    choice(restartPolicy, ['NotRequired', 'RestartContainer'], path, found);
    // What never restarts cannot be made anew for its new size.
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') found.push(fieldErrors.invalid(path, restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'"));
  });
}

/** Rules of every container, of whatever sort. */
function validateContainer(container: Container, pod: PodParts, path: FieldPath, found: Findings): void {
  if (present(container.name, path.child('name'), found)) dnsLabel(container.name, path.child('name'), found);
  if (present(container.image, path.child('image'), found) && pod.isPod && container.image.trim() !== container.image)
    found.push(fieldErrors.invalid(path.child('image'), container.image, 'must not have leading or trailing whitespace'));
  choice(container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError'], path.child('terminationMessagePolicy'), found);
  validatePorts(container.ports, path.child('ports'), found);
  validateEnv(container.env, path.child('env'), found);
  validateEnvFrom(container.envFrom, path.child('envFrom'), found);
  validateVolumeMounts(container, pod.volumes, path.child('volumeMounts'), found);
  validateVolumeDevices(container, pod.volumes, path.child('volumeDevices'), found);
  choice(container.imagePullPolicy, pullPolicies, path.child('imagePullPolicy'), found);
  validateResources(container.resources, path.child('resources'), found, pod);
  validateResizePolicy(container.resizePolicy, pod.restartPolicy, path.child('resizePolicy'), found);
  validateSecurityContext(container.securityContext, pod.hostUsers, path.child('securityContext'), found);
}

function uniqueName(container: Container, names: Set<string>, path: FieldPath, found: Findings): void {
  const { name = '' } = container;
  if (names.has(name)) found.push(fieldErrors.duplicate(path.child('name'), name));
  else names.add(name);
}

/** A port of the host can be one container's only. */
function uniqueHostPorts(containers: readonly Container[], path: FieldPath, found: Findings): void {
  const used = new Set<string>();
  containers.forEach(({ ports }, c) => {
    list(ports).forEach(({ hostPort, hostIP = '', protocol = '' }, p) => {
      if (!hostPort) return;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (used.has(key)) found.push(fieldErrors.duplicate(path.index(c).child('ports').index(p).child('hostPort'), key));
      used.add(key);
    });
  });
}

/** The pod's own containers; answers their names. */
export function validateContainers(containers: readonly Container[] | undefined, pod: PodParts, path: FieldPath, found: Findings): Set<string> {
  const names = new Set<string>();
  const all = list(containers);
  if (all.length === 0) found.push(fieldErrors.required(path));
  all.forEach((container, i) => {
    const at = path.index(i);
    validateContainer(container, pod, at, found);
    uniqueName(container, names, at, found);
    validateProbesAndHooks(container, pod, at, found);
    validateRestartRules(container, at, found);
  });
  uniqueHostPorts(all, path, found);
  return names;
}

const notForInit = 'may not be set for init containers without restartPolicy=Always';

/** Containers that run first, each to its end, or beside the others when they restart always. */
export function validateInitContainers(containers: readonly Container[] | undefined, names: Set<string>, pod: PodParts, path: FieldPath, found: Findings): void {
  list(containers).forEach((container, i) => {
    const at = path.index(i);
    validateContainer(container, pod, at, found);
    validateRestartRules(container, at, found);
    uniqueName(container, names, at, found);
    if (container.restartPolicy === 'Always') validateProbesAndHooks(container, pod, at, found);
    else for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) if (container[field]) found.push(fieldErrors.forbidden(at.child(field), notForInit));
    uniqueHostPorts([container], path, found);
  });
}

/** Fields that a container which only looks on cannot have. */
const notForEphemeral = ['ports', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle', 'resizePolicy', 'restartPolicyRules'] as const;

/** Containers for debugging, added to a running pod. */
export function validateEphemeralContainers(
  containers: readonly Loose<corev1.EphemeralContainer>[] | undefined, names: Set<string>, targets: ReadonlySet<string>, pod: PodParts, path: FieldPath, found: Findings,
): void {
  list(containers).forEach((container, i) => {
    const at = path.index(i);
    validateContainer(container, pod, at, found);
    uniqueName(container, names, at, found);
    for (const field of notForEphemeral) {
      const value = container[field];
      if (value !== undefined && !(Array.isArray(value) && value.length === 0)) found.push(fieldErrors.forbidden(at.child(field), 'cannot be set for an Ephemeral Container'));
    }
    if (Object.keys(container.resources?.limits ?? {}).length + Object.keys(container.resources?.requests ?? {}).length > 0)
      found.push(fieldErrors.forbidden(at.child('resources'), 'cannot be set for an Ephemeral Container'));
    list(container.volumeMounts).forEach(({ subPath, subPathExpr }, m) => {
      if (subPath) found.push(fieldErrors.forbidden(at.child('volumeMounts').index(m).child('subPath'), 'cannot be set for an Ephemeral Container'));
      if (subPathExpr) found.push(fieldErrors.forbidden(at.child('volumeMounts').index(m).child('subPathExpr'), 'cannot be set for an Ephemeral Container'));
    });
    const target = container.targetContainerName;
    if (target && !targets.has(target)) found.push(fieldErrors.notFound(at.child('targetContainerName'), target));
  });
}
