import { dns1123SubdomainMessages, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { type Findings, refuse } from '../../../validation/rules';

// Mirrors validateWindowsSecurityContextOptions, validateWindowsHostProcessPod, validateOS, validateLinux and validateWindows
// of pkg/apis/core/validation/validation.go.

type Spec = Loose<corev1.PodSpec>;
type Container = Loose<corev1.Container>;

const maxCredentialSpecKiB = 64;
const domainLimit = 256;
const maxUser = 104;
const netBiosName = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const dnsName = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;
const notInUser = /["/\\:;|=,+*?<>@[\]]/;
const control = /\p{Cc}/u;

/** What is wrong with `DOMAIN\user`, or with a user alone. */
function userNameFaults(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string'];
  if (control.test(name)) return ['runAsUserName cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const [user = '', domain] = parts.length === 1 ? parts : [parts[1], parts[0]];
  const faults: string[] = [];
  if (domain !== undefined && domain.length >= domainLimit) faults.push(`runAsUserName's Domain length must be under ${domainLimit} characters`);
  if (domain !== undefined && !netBiosName.test(domain) && !dnsName.test(domain)) faults.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  if (user === '') faults.push("runAsUserName's User cannot be empty");
  else if (user.length > maxUser) faults.push(`runAsUserName's User length must not be longer than ${maxUser} characters`);
  if (/^[. ]+$/.test(user)) faults.push("runAsUserName's User cannot contain only periods or spaces");
  if (notInUser.test(user)) faults.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  return faults;
}

/** Options that only mean something on Windows. */
export function validateWindowsOptions(options: Loose<corev1.WindowsSecurityContextOptions> | undefined, path: FieldPath, found: Findings): void {
  if (!options) return;
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options;
  if (gmsaCredentialSpecName !== undefined) refuse(dns1123SubdomainMessages(gmsaCredentialSpecName), gmsaCredentialSpecName, path.child('gmsaCredentialSpecName'), found);
  if (gmsaCredentialSpec === '') found.push(fieldErrors.invalid(path.child('gmsaCredentialSpec'), gmsaCredentialSpec, 'gmsaCredentialSpec cannot be an empty string'));
  else if (gmsaCredentialSpec !== undefined && Buffer.byteLength(gmsaCredentialSpec) > maxCredentialSpecKiB * 1024)
    found.push(fieldErrors.invalid(path.child('gmsaCredentialSpec'), gmsaCredentialSpec, `gmsaCredentialSpec size must be under ${maxCredentialSpecKiB} KiB`));
  if (runAsUserName !== undefined) refuse(userNameFaults(runAsUserName), runAsUserName, path.child('runAsUserName'), found);
}

/** All containers with their paths: init containers first, as upstream visits them. */
export function containersOf(spec: Spec, path: FieldPath): [Container, FieldPath][] {
  const containers: [Container, FieldPath][] = [];
  for (const field of ['initContainers', 'containers', 'ephemeralContainers'] as const)
    list<Container>(spec[field]).forEach((container, i) => containers.push([container, path.child(field).index(i)]));
  return containers;
}

/** Processes on the host itself: all containers or none, and on the host's network. */
export function validateHostProcess(spec: Spec, path: FieldPath, found: Findings): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const containers = containersOf(spec, path);
  let onHost = 0;
  for (const [container, at] of containers) {
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (ofPod !== undefined && own !== undefined && ofPod !== own)
      found.push(fieldErrors.invalid(at.child('securityContext', 'windowsOptions', 'hostProcess'), own, `pod hostProcess value must be identical if both are specified, was ${ofPod}`));
    if (own ?? ofPod) onHost++;
  }
  if (onHost === 0) return;
  if (onHost !== containers.length) found.push(fieldErrors.invalid(path, '', 'If pod contains any hostProcess containers then all containers must be HostProcess containers'));
  if (!spec.hostNetwork) found.push(fieldErrors.invalid(path.child('hostNetwork'), false, 'hostNetwork must be true if pod contains any hostProcess containers'));
}

const notOnWindows = 'cannot be set for a windows pod';
const ofLinuxPods = ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace'] as const;
const ofLinuxPodContexts = [
  'appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'fsGroup', 'fsGroupChangePolicy', 'sysctls', 'runAsUser', 'runAsGroup', 'supplementalGroups',
  'supplementalGroupsPolicy', 'seLinuxChangePolicy',
] as const;
const ofLinuxContainers = [
  'appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'capabilities', 'readOnlyRootFilesystem', 'privileged', 'allowPrivilegeEscalation', 'procMount', 'runAsUser', 'runAsGroup',
] as const;

/** A flag that is false is as good as absent for the older fields, which are no pointers upstream. */
const isSet = (value: unknown, plainFlag: boolean): boolean => (plainFlag ? value === true : value !== undefined && !(Array.isArray(value) && value.length === 0));

function validateWindowsPod(spec: Spec, path: FieldPath, found: Findings): void {
  const at = path.child('securityContext');
  for (const field of ofLinuxPodContexts) if (isSet(spec.securityContext?.[field], false)) found.push(fieldErrors.forbidden(at.child(field), notOnWindows));
  for (const field of ofLinuxPods) if (isSet(spec[field], field === 'hostPID' || field === 'hostIPC')) found.push(fieldErrors.forbidden(path.child(field), notOnWindows));
  for (const [{ securityContext }, own] of containersOf(spec, path))
    for (const field of ofLinuxContainers) if (securityContext?.[field] !== undefined) found.push(fieldErrors.forbidden(own.child('securityContext', field), notOnWindows));
}

function validateLinuxPod(spec: Spec, path: FieldPath, found: Findings): void {
  const contexts = [[spec, path] as const, ...containersOf(spec, path)];
  for (const [{ securityContext }, at] of contexts)
    if (securityContext?.windowsOptions) found.push(fieldErrors.forbidden(at.child('securityContext', 'windowsOptions'), 'windows options cannot be set for a linux pod'));
}

/** Where the pod names its operating system, it may only say what that system knows. */
export function validateOs(spec: Spec, path: FieldPath, found: Findings): void {
  if (!spec.os) return;
  const { name = '' } = spec.os;
  if (name === '') found.push(fieldErrors.required(path.child('os', 'name'), 'cannot be empty'));
  else if (name === 'linux') validateLinuxPod(spec, path, found);
  else if (name === 'windows') validateWindowsPod(spec, path, found);
  else found.push(fieldErrors.notSupported(path.child('os'), name, ['linux', 'windows']));
}
