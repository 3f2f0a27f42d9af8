import { type Probe, statusOf } from './probe';

const container = { name: 'c', image: 'nginx' };
const spec = { containers: [container] };
const template = { metadata: { labels: { app: 'a' } }, spec };
const pod = (parts: object): object => ({ spec: { ...spec, ...parts } });
const withContainer = (parts: object): object => ({ spec: { containers: [{ ...container, ...parts }] } });
const windows = (parts: object): object => pod({ os: { name: 'windows' }, ...parts });
const options = (parts: object): object => pod({ securityContext: { windowsOptions: parts } });
const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const term = (parts: object): object => pod({ affinity: { podAffinity: { [required]: [{ topologyKey: 'zone', ...parts }] } } });
const spread = (parts: object): object => pod({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', ...parts }] });
const merged = { key: 'a', operator: 'In', values: ['x'] };
const annotated = (annotations: object): object => ({ metadata: { annotations }, spec });
const gated = (parts: object): object => pod({ schedulingGates: [{ name: 'g' }], ...parts });
const onNodes = (...terms: object[]): object => ({ affinity: { nodeAffinity: { [required]: { nodeSelectorTerms: terms } } } });
const expression = (key: string): object => ({ key, operator: 'Exists' });
const ended = (field: string, parts: object = {}): object => ({ spec: { ...spec, restartPolicy: 'Never', ...parts }, status: { [field]: [{ name: 'x', state: { terminated: { exitCode: 0 } } }] } });
const running = (field: string): object => ({ status: { [field]: [{ name: 'x', state: { running: {} } }] } });
const unusable = 'cannot be set for a windows pod';
const mismatch = 'must match `containerPort` when `hostNetwork` is true';

const confined = (annotation: string, value: string, parts: object): object => ({ metadata: { annotations: { [annotation]: value } }, ...pod(parts) });
const seccomp = (type: string, localhostProfile?: string): object => ({ securityContext: { seccompProfile: { type, localhostProfile } } });
const seccompOf = (parts: object): object => ({ containers: [{ ...container, ...parts }] });
const appArmorKey = 'container.apparmor.security.beta.kubernetes.io/c';

const claiming = (claims: object[], ...names: string[]): object => ({ spec: { containers: [{ ...container, resources: { claims } }], resourceClaims: names.map((name) => ({ name, resourceClaimName: name })) } });
const label = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`;

const probes: readonly Omit<Probe, 'kind'>[] = [
  { object: confined('seccomp.security.alpha.kubernetes.io/pod', 'unconfined', seccomp('RuntimeDefault')), field: 'spec.securityContext.seccompProfile.type', reason: 'FieldValueForbidden', message: 'Forbidden: seccomp type in annotation and field must match' },
  { object: confined('container.seccomp.security.alpha.kubernetes.io/c', 'localhost/a', seccompOf(seccomp('Localhost', 'b'))), field: 'spec.containers[0].securityContext.seccompProfile.localhostProfile', reason: 'FieldValueForbidden', message: 'Forbidden: seccomp profile in annotation and field must match' },
  { object: confined(appArmorKey, 'runtime/default', seccompOf({ securityContext: { appArmorProfile: { type: 'Unconfined' } } })), field: 'spec.containers[0].securityContext.appArmorProfile.type', reason: 'FieldValueForbidden', message: 'Forbidden: apparmor type in annotation and field must match' },
  { object: pod({ os: {} }), field: 'spec.os.name', reason: 'FieldValueRequired', message: 'Required value: cannot be empty' },
  { object: pod({ topologySpreadConstraints: [1, 2].map((maxSkew) => ({ maxSkew, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' })) }), field: 'spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}', reason: 'FieldValueDuplicate', message: 'Duplicate value: "{zone, DoNotSchedule}"' },
  { object: pod({ securityContext: { fsGroupChangePolicy: '' } }), field: 'spec.securityContext.fsGroupChangePolicy', reason: 'FieldValueNotSupported', message: 'Unsupported value: "": supported values: "Always", "OnRootMismatch"' },
  { object: claiming([{ name: 'a' }]), field: 'spec.containers[0].resources.claims[0]', reason: 'FieldValueNotFound', message: 'Not found: "a": must be one of the names in pod.spec.resourceClaims which is empty' },
  { object: claiming([{ name: 'a' }], 'x', 'b'), field: 'spec.containers[0].resources.claims[0]', reason: 'FieldValueNotFound', message: 'Not found: "a": must be one of the names in pod.spec.resourceClaims: b, x' },
  ...[[{ name: 'a' }, { name: 'a', request: 'r' }], [{ name: 'a', request: 'r' }, { name: 'a' }], [{ name: 'a' }, { name: 'a' }]].map((claims): Omit<Probe, 'kind'> => ({ object: claiming(claims, 'a'), field: 'spec.containers[0].resources.claims[1]', reason: 'FieldValueDuplicate', message: 'Duplicate value: "a"' })),
  { object: claiming([1, 2].map(() => ({ name: 'a', request: 'r' })), 'a'), field: 'spec.containers[0].resources.claims[1]', reason: 'FieldValueDuplicate', message: 'Duplicate value: "a/r"' },
  { object: claiming([{ name: 'a', request: '-' }], 'a'), field: 'spec.containers[0].resources.claims[0].request', reason: 'FieldValueInvalid', message: `Invalid value: "-": ${label}` },
  { object: pod({ os: { name: 'plan9' } }), field: 'spec.os', reason: 'FieldValueNotSupported', message: 'Unsupported value: "plan9": supported values: "linux", "windows"' },
  { object: pod({ os: { name: 'linux' }, securityContext: { windowsOptions: {} } }), field: 'spec.securityContext.windowsOptions', reason: 'FieldValueForbidden', message: 'Forbidden: windows options cannot be set for a linux pod' },
  { object: pod({ os: { name: 'linux' }, initContainers: [{ name: 'i', image: 'x', securityContext: { windowsOptions: {} } }] }), field: 'spec.initContainers[0].securityContext.windowsOptions', reason: 'FieldValueForbidden', message: 'Forbidden: windows options cannot be set for a linux pod' },
  ...['hostUsers', 'shareProcessNamespace'].map((field): Omit<Probe, 'kind'> => ({ object: windows({ [field]: false }), field: `spec.${field}`, reason: 'FieldValueForbidden', message: `Forbidden: ${unusable}` })),
  ...['hostPID', 'hostIPC'].map((field): Omit<Probe, 'kind'> => ({ object: windows({ [field]: true }), field: `spec.${field}`, reason: 'FieldValueForbidden', message: `Forbidden: ${unusable}` })),
  ...Object.entries({ seLinuxOptions: {}, seccompProfile: { type: 'RuntimeDefault' }, fsGroup: 1, fsGroupChangePolicy: 'Always', sysctls: [{ name: 'net.x', value: '1' }], runAsUser: 1, runAsGroup: 1, supplementalGroups: [1], supplementalGroupsPolicy: 'Merge', seLinuxChangePolicy: 'Recursive', appArmorProfile: { type: 'Unconfined' } })
    .map(([field, value]): Omit<Probe, 'kind'> => ({ object: windows({ securityContext: { [field]: value } }), field: `spec.securityContext.${field}`, reason: 'FieldValueForbidden', message: `Forbidden: ${unusable}` })),
  ...Object.entries({ seLinuxOptions: {}, capabilities: {}, readOnlyRootFilesystem: false, privileged: false, allowPrivilegeEscalation: true, procMount: 'Default', runAsUser: 1, runAsGroup: 1 })
    .map(([field, value]): Omit<Probe, 'kind'> => ({ object: windows({ containers: [{ ...container, securityContext: { [field]: value } }] }), field: `spec.containers[0].securityContext.${field}`, reason: 'FieldValueForbidden', message: `Forbidden: ${unusable}` })),
  { object: options({ gmsaCredentialSpecName: 'A b' }), field: 'spec.securityContext.windowsOptions.gmsaCredentialSpecName', reason: 'FieldValueInvalid', message: `Invalid value: "A b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')` },
  { object: options({ gmsaCredentialSpec: '' }), field: 'spec.securityContext.windowsOptions.gmsaCredentialSpec', reason: 'FieldValueInvalid', message: 'Invalid value: "": gmsaCredentialSpec cannot be an empty string' },
  { object: options({ runAsUserName: '' }), field: 'spec.securityContext.windowsOptions.runAsUserName', reason: 'FieldValueInvalid', message: 'Invalid value: "": runAsUserName cannot be an empty string' },
  { object: options({ runAsUserName: 'a\\b\\c' }), field: 'spec.securityContext.windowsOptions.runAsUserName', reason: 'FieldValueInvalid', message: 'Invalid value: "a\\\\b\\\\c": runAsUserName cannot contain more than one backslash' },
  { object: options({ runAsUserName: '...\\u' }), field: 'spec.securityContext.windowsOptions.runAsUserName', reason: 'FieldValueInvalid', message: 'Invalid value: "...\\\\u": runAsUserName\'s Domain doesn\'t match the NetBios nor the DNS format' },
  { object: options({ runAsUserName: 'd\\' }), field: 'spec.securityContext.windowsOptions.runAsUserName', reason: 'FieldValueInvalid', message: 'Invalid value: "d\\\\": runAsUserName\'s User cannot be empty' },
  { object: options({ runAsUserName: '. .' }), field: 'spec.securityContext.windowsOptions.runAsUserName', reason: 'FieldValueInvalid', message: 'Invalid value: ". .": runAsUserName\'s User cannot contain only periods or spaces' },
  { object: options({ runAsUserName: 'a:b' }), field: 'spec.securityContext.windowsOptions.runAsUserName', reason: 'FieldValueInvalid', message: 'Invalid value: "a:b": runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]' },
  { object: options({ hostProcess: true }), field: 'spec.hostNetwork', reason: 'FieldValueInvalid', message: 'Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers' },
  { object: pod({ hostNetwork: true, containers: [{ ...container, securityContext: { windowsOptions: { hostProcess: true } } }, { name: 'd', image: 'x' }] }), field: 'spec', reason: 'FieldValueInvalid', message: 'Invalid value: "": If pod contains any hostProcess containers then all containers must be HostProcess containers' },
  { object: pod({ hostNetwork: true, securityContext: { windowsOptions: { hostProcess: true } }, containers: [{ ...container, securityContext: { windowsOptions: { hostProcess: false } } }] }), field: 'spec.containers[0].securityContext.windowsOptions.hostProcess', reason: 'FieldValueInvalid', message: 'Invalid value: false: pod hostProcess value must be identical if both are specified, was true' },
  { object: pod({ hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 80, hostPort: 81 }] }] }), field: 'spec.containers[0].ports[0].hostPort', reason: 'FieldValueInvalid', message: `Invalid value: 81: ${mismatch}` },
  { object: pod({ hostnameOverride: 'A' }), field: 'spec.hostnameOverride', reason: 'FieldValueInvalid', message: `Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')` },
  { object: pod({ hostnameOverride: 'a'.repeat(65) }), field: 'spec.hostnameOverride', reason: 'FieldValueTooLong', message: 'Too long: may not be more than 64 bytes' },
  { object: pod({ hostnameOverride: 'a.b', setHostnameAsFQDN: true }), field: 'spec.hostnameOverride', reason: 'FieldValueForbidden', message: 'Forbidden: may not be specified when setHostnameAsFQDN is true' },
  { object: pod({ hostnameOverride: 'a.b', hostNetwork: true }), field: 'spec.hostnameOverride', reason: 'FieldValueForbidden', message: 'Forbidden: may not be specified when hostNetwork is true' },
  { object: withContainer({ securityContext: { procMount: 'Unmasked' } }), field: 'spec.containers[0].securityContext.procMount', reason: 'FieldValueInvalid', message: 'Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`' },
  { object: withContainer({ securityContext: { seccompProfile: {} } }), field: 'spec.containers[0].securityContext.seccompProfile.type', reason: 'FieldValueRequired', message: 'Required value: type is required when seccompProfile is set' },
  { object: withContainer({ securityContext: { seccompProfile: { type: 'Unconfined', localhostProfile: 'x' } } }), field: 'spec.containers[0].securityContext.seccompProfile.localhostProfile', reason: 'FieldValueInvalid', message: 'Invalid value: {"type":"Unconfined","localhostProfile":"x"}: can only be set when seccomp type is Localhost' },
  { object: withContainer({ securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: ' x' } } }), field: 'spec.containers[0].securityContext.appArmorProfile.localhostProfile', reason: 'FieldValueInvalid', message: 'Invalid value: " x": must not be padded with whitespace' },
  { object: annotated({ 'controller.kubernetes.io/pod-deletion-cost': '+1' }), field: 'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]', reason: 'FieldValueInvalid', message: 'Invalid value: "+1": must be a 32bit integer' },
  { object: annotated({ 'seccomp.security.alpha.kubernetes.io/pod': 'x' }), field: 'metadata.annotations.seccomp.security.alpha.kubernetes.io/pod', reason: 'FieldValueInvalid', message: 'Invalid value: "x": must be a valid seccomp profile' },
  { object: annotated({ 'container.apparmor.security.beta.kubernetes.io/d': 'unconfined' }), field: 'metadata.annotations[container.apparmor.security.beta.kubernetes.io/d]', reason: 'FieldValueInvalid', message: 'Invalid value: "d": container not found' },
  { object: annotated({ 'container.apparmor.security.beta.kubernetes.io/c': 'x' }), field: 'metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]', reason: 'FieldValueInvalid', message: 'Invalid value: "x": invalid AppArmor profile name: "x"' },
  { object: { metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } }, old: { spec: { ...spec, nodeName: 'n' } }, field: 'metadata.annotations[kubernetes.io/config.mirror]', reason: 'FieldValueForbidden', message: 'Forbidden: may not add mirror pod annotation' },
  { object: term({ matchLabelKeys: ['a'] }), field: `spec.affinity.podAffinity.${required}[0].matchLabelKeys`, reason: 'FieldValueForbidden', message: 'Forbidden: must not be specified when labelSelector is not set' },
  { object: term({ labelSelector: {}, matchLabelKeys: ['a'], mismatchLabelKeys: ['a'] }), field: `spec.affinity.podAffinity.${required}[0].matchLabelKeys[0]`, reason: 'FieldValueInvalid', message: 'Invalid value: "a": exists in both matchLabelKeys and mismatchLabelKeys' },
  { object: spread({ matchLabelKeys: ['a'] }), field: 'spec.topologySpreadConstraints[0].matchLabelKeys', reason: 'FieldValueForbidden', message: 'Forbidden: must not be specified when labelSelector is not set' },
  { object: spread({ labelSelector: { matchLabels: { a: 'x' }, matchExpressions: [merged] }, matchLabelKeys: ['a'] }), field: 'spec.topologySpreadConstraints[0][0]', reason: 'FieldValueInvalid', message: 'Invalid value: "a": exists in both matchLabelKeys and labelSelector' },
  { object: spread({ labelSelector: { matchExpressions: [merged] }, matchLabelKeys: ['a'] }), old: spread({ labelSelector: { matchLabels: { a: 'x' }, matchExpressions: [merged] }, matchLabelKeys: ['a'] }), field: 'spec.topologySpreadConstraints[0].matchLabelKeys[0]', reason: 'FieldValueInvalid', message: 'Invalid value: "a": exists in both matchLabelKeys and labelSelector' },
  { object: pod(onNodes({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['A'] }] })), field: `spec.affinity.nodeAffinity.${required}.nodeSelectorTerms[0].matchFields[0].values[0]`, reason: 'FieldValueInvalid', message: `Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')` },
  { object: withContainer({ env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } } }] }), field: 'spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor', reason: 'FieldValueInvalid', message: 'Invalid value: "limits.cpu": only divisor\'s values 1m and 1 are supported with the cpu resource' },
  { object: pod({ serviceAccountName: '', volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] }), field: 'spec.volumes[0].projected.sources[0].serviceAccountToken', reason: 'FieldValueForbidden', message: 'Forbidden: must not be specified when serviceAccountName is not set' },
  { object: pod({ volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: { metadata: { name: 'x' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } } }] }), field: 'spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.name', reason: 'FieldValueForbidden', message: 'Forbidden: cannot be set' },
  { object: pod({ volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } }] }), field: 'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]', reason: 'FieldValueRequired', message: 'Required value' },
  { object: pod({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'x' } }], containers: [{ ...container, volumeDevices: [{ name: 'v', devicePath: '/a/../b' }] }] }), field: 'spec.containers[0].volumeDevices[0].devicePath', reason: 'FieldValueInvalid', message: 'Invalid value: "/a/../b": can not contain backsteps (\'..\')' },
  { object: pod({ resources: { limits: { cpu: '1' } }, containers: [{ ...container, resources: { limits: { cpu: '2' }, requests: { cpu: '100m' } } }] }), field: 'spec.resources.containers[0][cpu].limits', reason: 'FieldValueInvalid', message: 'Invalid value: "2": must be less than or equal to pod limits of 1' },
  { object: pod({ resources: { requests: { cpu: '1' }, limits: { cpu: '2' } }, containers: [{ ...container, resources: { requests: { cpu: '1500m' } } }] }), field: 'spec.resources.requests[cpu]', reason: 'FieldValueInvalid', message: 'Invalid value: "1": must be greater than or equal to aggregate container requests of 1500m' },
  { object: gated({ nodeSelector: { a: 'c' } }), old: gated({ nodeSelector: { a: 'b' } }), field: 'spec.nodeSelector', reason: 'FieldValueInvalid', message: 'Invalid value: {"a":"c"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)' },
  { object: gated(onNodes({ matchExpressions: [expression('a')] }, { matchExpressions: [expression('b')] })), old: gated(onNodes({ matchExpressions: [expression('a')] })), field: `spec.affinity.nodeAffinity.${required}.nodeSelectorTerms`, reason: 'FieldValueInvalid', message: 'Invalid value: [{"matchExpressions":[{"key":"a","operator":"Exists"}]},{"matchExpressions":[{"key":"b","operator":"Exists"}]}]: no additions/deletions to non-empty NodeSelectorTerms list are allowed' },
  { object: gated(onNodes({ matchExpressions: [expression('b')] })), old: gated(onNodes({ matchExpressions: [expression('a')] })), field: `spec.affinity.nodeAffinity.${required}.nodeSelectorTerms[0]`, reason: 'FieldValueInvalid', message: 'Invalid value: {"matchExpressions":[{"key":"b","operator":"Exists"}]}: only additions are allowed (no mutations or deletions)' },
  { object: { status: { qosClass: 'Guaranteed' } }, old: { spec }, view: 'status', field: 'status.qosClass', reason: 'FieldValueInvalid', message: 'Invalid value: "Guaranteed": field is immutable' },
  { object: { status: { hostIP: '10.0.0.1', hostIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] } }, old: { spec }, view: 'status', field: 'status.hostIPs', reason: 'FieldValueInvalid', message: 'Invalid value: [{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}]: may specify no more than one IP for each IP family' },
  { object: { status: { podIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.1' }] } }, old: { spec }, view: 'status', field: 'status.podIPs', reason: 'FieldValueInvalid', message: 'Invalid value: [{"ip":"10.0.0.1"},{"ip":"10.0.0.1"}]: may specify no more than one IP for each IP family' },
  { object: { status: { hostIP: '10.0.0.1', hostIPs: [{ ip: '10.0.0.2' }] } }, old: { spec }, view: 'status', field: 'status.hostIPs[0].ip', reason: 'FieldValueInvalid', message: 'Invalid value: "10.0.0.2": must be equal to `hostIP`' },
  { object: { status: { conditions: [{ type: 'a b', status: 'True' }] } }, old: { spec }, view: 'status', field: 'metadata.conditions[0].Type', reason: 'FieldValueInvalid', message: "Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')" },
  { object: running('initContainerStatuses'), old: ended('initContainerStatuses', { initContainers: [{ name: 'x', image: 'y' }] }), view: 'status', field: 'status.initContainerStatuses[0].state', reason: 'FieldValueForbidden', message: 'Forbidden: may not be transitioned to non-terminated state' },
  { object: running('ephemeralContainerStatuses'), old: ended('ephemeralContainerStatuses', { restartPolicy: 'Always' }), view: 'status', field: 'status.ephemeralContainerStatuses[0].state', reason: 'FieldValueForbidden', message: 'Forbidden: may not be transitioned to non-terminated state' },
  { object: { status: { resourceClaimStatuses: [{ name: 'r' }, { name: 'r' }] } }, old: { spec }, view: 'status', field: 'status.resourceClaimStatuses[1].name', reason: 'FieldValueDuplicate', message: 'Duplicate value: "r"' },
  { object: { status: { resourceClaimStatuses: [{ name: 'r', resourceClaimName: 'A' }] } }, old: { spec }, view: 'status', field: 'status.resourceClaimStatuses[0].resourceClaimName', reason: 'FieldValueInvalid', message: expect.stringMatching(/^Invalid value: "A": a lowercase RFC 1123 subdomain/) as string },
  { object: { status: { resourceClaimStatuses: [{ name: 'r' }] } }, old: { spec }, view: 'status', field: 'status.resourceClaimStatuses[0].name', reason: 'FieldValueInvalid', message: 'Invalid value: "r": must match the name of an entry in `spec.resourceClaims`' },
];

describe('a pod that is refused', () => {
  it.each(probes)('at $field with $reason: $message', ({ field, reason, message, ...rest }) => {
    const status = statusOf({ kind: '/Pod', ...rest });
    expect(status).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(status?.causes).toContainEqual({ field, reason, message });
  });

  it.each<[kind: string, object: object, reason: string]>([
    ['apps/Deployment', { spec: { selector: { matchLabels: { app: 'a' } }, template: { ...template, spec: { hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 80 }] }] } } } }, 'a template leaves the port of the host open'],
    ['apps/Deployment', { spec: { selector: { matchLabels: { app: 'a' } }, template: { ...template, spec: { containers: [{ ...container, image: ' nginx ' }] } } } }, 'images of templates were never looked at that closely'],
    ['/Pod', pod({ affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'In', values: ['a b'] }] } }] } } }), 'a preference that nobody can meet'],
    ['/Pod', pod({ hostnameOverride: `${'a'.repeat(62)}.b` }), 'a host name of 64 characters'],
    ['/Pod', pod({ dnsConfig: { searches: ['_tcp.example.com', '.'] } }), 'search domains with underscores'],
    ['/Pod', windows({ securityContext: { windowsOptions: { runAsUserName: 'EXAMPLE\\jane', gmsaCredentialSpecName: 'web' } } }), 'a Windows pod'],
    ['/Pod', confined(appArmorKey, 'localhost/p', { ...seccompOf({ securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'p' } } }) }), 'a profile that an annotation names too'],
    ['/Pod', gated({ ...onNodes({ matchExpressions: [expression('a')] }) }), 'a pod at a gate'],
    ['/Pod', spread({ labelSelector: { matchExpressions: [merged] }, matchLabelKeys: ['a'] }), 'a spread whose keys were merged into its selector'],
  ])('is not %s %j: %s', (kind, object) => {
    expect(statusOf({ kind, object })).toBeUndefined();
  });

  it('is one of a node itself that gets a container for debugging', () => {
    const metadata = { annotations: { 'kubernetes.io/config.mirror': 'x' } };
    const status = statusOf({ kind: '/Pod', view: 'ephemeralcontainers', object: { metadata, ...pod({ nodeName: 'n', ephemeralContainers: [{ name: 'd', image: 'x' }] }) }, old: { metadata, ...pod({ nodeName: 'n' }) } });
    expect(status?.causes).toEqual([{ field: '[]', reason: 'FieldValueForbidden', message: 'Forbidden: static pods do not support ephemeral containers' }]);
  });

  it('is not one at its gates that asks for more of its node', () => {
    const old = gated(onNodes({ matchExpressions: [expression('a')] }));
    expect(statusOf({ kind: '/Pod', old, object: gated(onNodes({ matchExpressions: [expression('a'), expression('b')] })) })).toBeUndefined();
    expect(statusOf({ kind: '/Pod', old: gated({}), object: gated(onNodes({ matchExpressions: [expression('a')] })) })).toBeUndefined();
  });
});
