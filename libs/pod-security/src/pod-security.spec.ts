import type { corev1 } from '@navarch/api';
import { describeViolations, summarizeViolations, violationsOf } from './evaluate';
import { formatLevelVersion, latest, type Level } from './level-version';
import { readPolicy } from './policy';

type Spec = Partial<corev1.PodSpec>;

const named = (name: string, securityContext: corev1.SecurityContext, more: Partial<corev1.Container> = {}): corev1.Container => ({ name, securityContext, ...more });
const strict: corev1.SecurityContext = { allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } };
const found = (level: Level, spec: Spec, minor = latest, annotations: Record<string, string> = {}): string => describeViolations(violationsOf({ metadata: { annotations }, spec }, { level, minor }));
const one = (securityContext: corev1.SecurityContext): Spec => ({ containers: [named('a', securityContext)] });

it('finds nothing wrong with what a level allows', () => {
  expect(found('privileged', { hostNetwork: true })).toBe('');
  expect(found('baseline', { containers: [{ name: 'a' }], volumes: [{ name: 'v', nfs: { server: 's', path: '/' } }] })).toBe('');
  expect(found('restricted', { containers: [named('a', strict)], initContainers: [named('i', { ...strict, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } })], volumes: [{ name: 'v', emptyDir: {} }] })).toBe('');
});

it.each<{ spec: Spec; annotations?: Record<string, string>; minor?: number; says: string }>([
  { spec: { hostNetwork: true, hostPID: true, hostIPC: true }, says: 'host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)' },
  { spec: { containers: [named('a', { privileged: true })], initContainers: [named('i', { privileged: true })] }, says: 'privileged (containers "i", "a" must not set securityContext.privileged=true)' },
  { spec: one({ capabilities: { add: ['SYS_ADMIN', 'CHOWN', 'NET_RAW'] } }), says: 'non-default capabilities (container "a" must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add)' },
  { spec: { volumes: [{ name: 'v', hostPath: { path: '/' } }, { name: 'w', hostPath: { path: '/' } }] }, says: 'hostPath volumes (volumes "v", "w")' },
  { spec: { containers: [{ name: 'a', ports: [{ containerPort: 1, hostPort: 80 }, { containerPort: 2, hostPort: 443 }, { containerPort: 3 }] }] }, says: 'hostPort (container "a" uses hostPorts 443, 80)' },
  { spec: { containers: [{ name: 'a', livenessProbe: { httpGet: { port: 1, host: '10.0.0.1' } } }] }, says: 'probe or lifecycle host (container "a" uses probe or lifecycle host "10.0.0.1")' },
  { spec: { containers: [{ name: 'a', livenessProbe: { httpGet: { port: 1, host: '10.0.0.1' } } }] }, minor: 33, says: '' },
  { spec: { securityContext: { appArmorProfile: { type: 'Unconfined' } }, containers: [] }, annotations: { 'container.apparmor.security.beta.kubernetes.io/a': 'unconfined' }, says: 'forbidden AppArmor profiles (pod and annotation must not set AppArmor profile type to "Unconfined", "container.apparmor.security.beta.kubernetes.io/a="unconfined"")' },
  { spec: one({ procMount: 'Unmasked' }), says: 'procMount (container "a" must not set securityContext.procMount to "Unmasked")' },
  { spec: { hostUsers: false, ...one({ procMount: 'Unmasked' }) }, says: '' },
  { spec: { hostUsers: false, ...one({ procMount: 'Unmasked' }) }, minor: 34, says: 'procMount (container "a" must not set securityContext.procMount to "Unmasked")' },
  { spec: one({ seccompProfile: { type: 'Unconfined' } }), says: 'seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")' },
  { spec: one({}), annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' }, minor: 18, says: 'seccompProfile (forbidden annotation seccomp.security.alpha.kubernetes.io/pod="unconfined")' },
  { spec: { securityContext: { seLinuxOptions: { type: 'spc_t', user: 'u' } }, ...one({ seLinuxOptions: { role: 'r' } }) }, says: 'seLinuxOptions (pod and container "a" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set; role may not be set)' },
  { spec: { securityContext: { seLinuxOptions: { type: 'container_engine_t' } } }, says: '' },
  { spec: { securityContext: { seLinuxOptions: { type: 'container_engine_t' } } }, minor: 30, says: 'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "container_engine_t")' },
  { spec: { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }, { name: 'kernel.msgmax', value: '1' }] } }, says: 'forbidden sysctls (kernel.msgmax)' },
  { spec: { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] } }, minor: 31, says: 'forbidden sysctls (net.ipv4.tcp_rmem)' },
  { spec: { securityContext: { windowsOptions: { hostProcess: true } }, ...one({ windowsOptions: { hostProcess: true } }) }, says: 'hostProcess (pod and container "a" must not set securityContext.windowsOptions.hostProcess=true)' },
])('baseline as of $minor: $says', ({ spec, annotations, minor, says }) => {
  expect(found('baseline', spec, minor, annotations)).toBe(says);
});

it.each<{ reason: string; spec: Spec; minor?: number; says: string }>([
  { reason: 'a plain pod', spec: { containers: [{ name: 'a' }] }, says: 'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")' },
  { reason: 'volumes: once, not as hostPath again', spec: { containers: [named('a', strict)], volumes: [{ name: 'v', hostPath: { path: '/' } }, { name: 'w', nfs: { server: 's', path: '/' } }] }, says: 'restricted volume types (volumes "v", "w" use restricted volume types "hostPath", "nfs")' },
  { reason: 'capabilities', spec: one({ ...strict, capabilities: { add: ['CHOWN'], drop: ['NET_RAW'] } }), says: 'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]; container "a" must not include "CHOWN" in securityContext.capabilities.add)' },
  { reason: 'root', spec: { securityContext: { runAsNonRoot: false, runAsUser: 0 }, ...one({ ...strict, runAsUser: 0 }) }, says: 'runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false), runAsUser=0 (pod and container "a" must not set runAsUser=0)' },
  { reason: 'root of a user namespace', spec: { hostUsers: false, ...one({ ...strict, runAsNonRoot: false, runAsUser: 0 }) }, says: '' },
  { reason: 'Unmasked, even there', spec: { hostUsers: false, ...one({ ...strict, procMount: 'Unmasked' }) }, says: 'procMount (container "a" must not set securityContext.procMount to "Unmasked")' },
  { reason: 'Unconfined', spec: one({ ...strict, seccompProfile: { type: 'Unconfined' } }), says: 'seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")' },
  { reason: 'Windows', spec: { os: { name: 'windows' }, containers: [named('a', { runAsNonRoot: true })] }, says: '' },
  { reason: 'Windows, before it was told apart', spec: { os: { name: 'windows' }, containers: [named('a', { ...strict, allowPrivilegeEscalation: undefined as unknown as boolean })] }, minor: 24, says: 'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false)' },
  { reason: 'what version 1.7 asked', spec: { containers: [{ name: 'a' }] }, minor: 7, says: 'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)' },
])('restricted: $reason', ({ spec, minor, says }) => {
  expect(found('restricted', spec, minor)).toBe(says);
});

it('says in a few words what is wrong', () => {
  expect(summarizeViolations(violationsOf({ metadata: {}, spec: { hostPID: true, ...one({ privileged: true }) } }, { level: 'baseline', minor: latest }))).toBe('host namespaces, privileged');
});

describe('the labels of a namespace', () => {
  const read = (labels: Record<string, string>): string[] => {
    const { policy, errors } = readPolicy(Object.fromEntries(Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value])));
    return [...(['enforce', 'audit', 'warn'] as const).map((mode) => formatLevelVersion(policy[mode])), ...errors.map(({ message }) => message)];
  };

  it.each<{ reason: string; labels: Record<string, string>; means: string[] }>([
    { reason: 'none', labels: {}, means: ['privileged:latest', 'privileged:latest', 'privileged:latest'] },
    { reason: 'all', labels: { enforce: 'baseline', 'enforce-version': 'v1.25', audit: 'restricted', 'audit-version': 'latest', warn: 'restricted' }, means: ['baseline:v1.25', 'restricted:latest', 'restricted:latest'] },
    { reason: 'who is held to a level is warned about it', labels: { enforce: 'restricted', 'enforce-version': 'v1.30' }, means: ['restricted:v1.30', 'privileged:latest', 'restricted:v1.30'] },
    { reason: 'unless told not to', labels: { enforce: 'restricted', warn: 'privileged' }, means: ['restricted:latest', 'privileged:latest', 'privileged:latest'] },
    { reason: 'a wrong level is the strictest', labels: { enforce: 'strict' }, means: ['restricted:latest', 'privileged:latest', 'privileged:latest', 'metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted'] },
    { reason: 'a wrong version is the latest', labels: { enforce: 'baseline', 'enforce-version': '1.25', warn: 'x' }, means: ['baseline:latest', 'privileged:latest', 'privileged:latest', 'metadata.labels[pod-security.kubernetes.io/enforce-version]: Invalid value: "1.25": must be "latest" or "v1.x"', 'metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: "x": must be one of privileged, baseline, restricted'] },
  ])('$reason', ({ labels, means }) => {
    expect(read(labels)).toEqual(means);
  });
});
