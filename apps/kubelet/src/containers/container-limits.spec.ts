import { type corev1 } from '@navarch/api';
import { runtimev1 } from '@navarch/proto';
import { podLimits } from '../cgroups/pod-cgroups';
import { qosClass } from '../pods/qos-class';
import { aContainer, aPod } from '../testing/pod-bench';
import { containerResources } from './container-resources';
import { resourceFieldRefValue } from './resource-field-ref';
import { sandboxResources } from './sandbox-resources';
import { containerSecurityContext, sandboxSecurityContext, type ImageUser } from './security-context';

const gibibytes = 2 ** 30;
const withResources = (...all: corev1.ResourceRequirements[]): corev1.Container[] => all.map((resources, index) => aContainer(`c${index}`, { resources }));

describe('containerResources', () => {
  it.each<[string, corev1.ResourceRequirements, { shares: number; quota: number; memory: number; oom: number }]>([
    ['nothing', {}, { shares: 2, quota: 0, memory: 0, oom: 1000 }],
    ['equal requests and limits', { requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: '500m', memory: '1Gi' } }, { shares: 512, quota: 50_000, memory: gibibytes, oom: -997 }],
    ['only a request', { requests: { cpu: '2', memory: '1Gi' } }, { shares: 2048, quota: 0, memory: 0, oom: 750 }],
    ['a tiny limit', { limits: { cpu: '1m' } }, { shares: 2, quota: 1_000, memory: 0, oom: 999 }],
  ])('of %s', (_what, resources, expected) => {
    const [container] = withResources(resources);
    const result = containerResources(aPod({ containers: [container!] }), container!, { memoryCapacity: 4 * gibibytes, cpuQuota: true, killsGroups: false });
    expect({ shares: Number(result.cpuShares), quota: Number(result.cpuQuota), memory: Number(result.memoryLimitInBytes), oom: Number(result.oomScoreAdj) }).toEqual(expected);
  });
});

it('takes a limit of the pod as a whole where the container has none of its own', () => {
  const containers = withResources({ limits: { memory: '1Gi' } }, { requests: { cpu: '250m' } });
  const pod = aPod({ containers, resources: { limits: { 'cpu': '2', 'memory': '4Gi', 'hugepages-2Mi': '8Mi' } } });
  const of = (container: corev1.Container): unknown => {
    const { cpuShares, cpuQuota, memoryLimitInBytes, hugepageLimits } = containerResources(pod, container, { memoryCapacity: 8 * gibibytes, cpuQuota: true, killsGroups: false });
    return [cpuShares, cpuQuota, memoryLimitInBytes, hugepageLimits];
  };
  const hugepages = [{ pageSize: '2MB', limit: 8_388_608n }];
  expect(containers.map(of)).toEqual([[2048n, 200_000n, BigInt(gibibytes), hugepages], [256n, 200_000n, BigInt(4 * gibibytes), hugepages]]);
});

it('has no huge pages of the node that it does not ask for', () => {
  const containers = withResources({ limits: { 'hugepages-2Mi': '4Mi', 'memory': '1Gi', 'cpu': '1' } }, {});
  const pod = aPod({ containers });
  const of = (container: corev1.Container): unknown =>
    containerResources(pod, container, {
      memoryCapacity: gibibytes,
      cpuQuota: true,
      killsGroups: false,
      allocatable: { 'cpu': '4', 'hugepages-2Mi': '16Mi', 'hugepages-1Gi': '0' },
    }).hugepageLimits;
  expect(containers.map(of)).toEqual([[{ pageSize: '2MB', limit: 4_194_304n }, { pageSize: '1GB', limit: 0n }], [{ pageSize: '2MB', limit: 0n }, { pageSize: '1GB', limit: 0n }]]);
});

it('is told the pod\'s limit of what it has no limit of, before the node\'s', () => {
  const [container] = withResources({ limits: { cpu: '1' } });
  const pod = aPod({ containers: [container!], resources: { limits: { cpu: '2', memory: '4Gi' } } });
  const told = (resource: string): string => resourceFieldRefValue(pod, container, { resource }, { 'cpu': '8', 'memory': '16Gi', 'ephemeral-storage': '100' });
  expect(['limits.cpu', 'limits.memory', 'limits.ephemeral-storage'].map(told)).toEqual(['1', `${4 * gibibytes}`, '100']);
});

describe('sandboxResources', () => {
  const of = (spec: Partial<corev1.PodSpec>): unknown => {
    const { resources, overhead } = sandboxResources(aPod(spec), { cpuQuota: true, killsGroups: false });
    return [resources, overhead].map(({ cpuShares, cpuQuota, memoryLimitInBytes }) => [cpuShares, cpuQuota, memoryLimitInBytes].map((value) => (value === undefined ? undefined : Number(value))));
  };
  const containers = withResources({ requests: { cpu: '250m' }, limits: { cpu: '1', memory: '1Gi' } }, { requests: { cpu: '250m' } });

  it('counts what containers have together, and the overhead apart', () => {
    expect(of({ containers, overhead: { cpu: '500m', memory: '1Gi' } })).toEqual([[512, 100_000, gibibytes], [512, 50_000, gibibytes]]);
  });

  it('says nothing of an overhead that there is none of', () => expect(of({ containers })).toEqual([[512, 100_000, gibibytes], [undefined, undefined, undefined]]));
});

it('has no quota where the kernel is to hold nobody to one', () => {
  const [container] = withResources({ limits: { cpu: '500m', memory: '1Gi' } });
  const { cpuQuota, cpuPeriod, cpuShares, memoryLimitInBytes } = containerResources(aPod({ containers: [container!] }), container!, { memoryCapacity: 4 * gibibytes, cpuQuota: false, killsGroups: false });
  expect({ cpuQuota, cpuPeriod, cpuShares, memoryLimitInBytes }).toEqual({ cpuQuota: 0n, cpuPeriod: 0n, cpuShares: 512n, memoryLimitInBytes: BigInt(gibibytes) });
});

it('ends as a whole for want of memory where the node lets it', () => {
  const [container] = withResources({});
  const unified = (killsGroups: boolean): unknown => containerResources(aPod({ containers: [container!] }), container!, { memoryCapacity: 4 * gibibytes, cpuQuota: true, killsGroups }).unified;
  expect([unified(true), unified(false)]).toEqual([{ 'memory.oom.group': '1' }, {}]);
});

describe('a pod\'s quality of service', () => {
  it.each<[string, corev1.ResourceRequirements[]]>([
    ['BestEffort', [{}, {}]],
    ['Guaranteed', [{ limits: { cpu: '1', memory: '1Gi' } }, { requests: { cpu: '500m', memory: '1024Mi' }, limits: { cpu: '0.5', memory: '1Gi' } }]],
    ['Burstable', [{ limits: { cpu: '1', memory: '1Gi' } }, {}]],
    ['Burstable', [{ requests: { memory: '1Gi' } }]],
    ['Burstable', [{ requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } }]],
  ])('is %s', (expected, resources) => {
    expect(qosClass(aPod({ containers: withResources(...resources) }))).toBe(expected);
  });

  it('limits the pod as a whole only in what all its containers limit', () => {
    const containers = withResources({ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } }, { limits: { memory: '1Gi' } });
    expect(podLimits(aPod({ containers }))).toEqual({ cpuShares: 512, memoryBytes: 2 * gibibytes });
  });

  it('counts init containers that end at their peak, and sidecars always', () => {
    const containers = withResources({ requests: { cpu: '1' } });
    const init = [aContainer('side', { restartPolicy: 'Always', resources: { requests: { cpu: '500m' } } }), aContainer('peak', { resources: { requests: { cpu: '3' } } })];
    expect(podLimits(aPod({ containers, initContainers: init })).cpuShares).toBe(3584);
  });
});

describe('containerSecurityContext', () => {
  const context = (spec: corev1.PodSecurityContext, own: corev1.SecurityContext, image: ImageUser = {}, byDefault = false): ReturnType<typeof containerSecurityContext> => {
    const container = aContainer('main', { securityContext: own });
    return containerSecurityContext(aPod({ securityContext: spec, containers: [container] }), container, image, { root: '/seccomp', byDefault });
  };

  it('takes the container\'s word over the pod\'s, and both over the image\'s', () => {
    expect(context({ runAsUser: 1, runAsGroup: 2, fsGroup: 3, supplementalGroups: [4] }, { runAsUser: 5 }, { uid: 9 })).toMatchObject({
      runAsUser: { value: 5n }, runAsGroup: { value: 2n }, supplementalGroups: [3n, 4n], noNewPrivs: false, privileged: false, readonlyRootfs: false,
    });
    expect(context({}, {}, { uid: 9 })).toMatchObject({ runAsUser: { value: 9n } });
    expect(containerSecurityContext(aPod({ securityContext: { supplementalGroups: [4] } }), aContainer('main'), {}, { root: '/seccomp', byDefault: false }, { groups: [4, 6, 6] }).supplementalGroups).toEqual([4n, 6n]);
    expect(context({}, {}, { username: 'web' })).toMatchObject({ runAsUser: undefined, runAsUsername: 'web' });
  });

  it('is confined by the profile that it names, and by the runtime\'s own only where it asks for it or its node says so', () => {
    const { RuntimeDefault, Unconfined, Localhost } = runtimev1.ProfileType;
    const profile = (...given: Parameters<typeof context>): unknown => context(...given).seccomp;
    expect(profile({}, {})).toEqual({ profileType: Unconfined, localhostRef: '' });
    expect(profile({}, {}, {}, true)).toEqual({ profileType: RuntimeDefault, localhostRef: '' });
    expect(profile({ seccompProfile: { type: 'RuntimeDefault' } }, { seccompProfile: { type: 'Localhost', localhostProfile: 'mine.json' } })).toEqual({ profileType: Localhost, localhostRef: '/seccomp/mine.json' });
    expect(profile({ seccompProfile: { type: 'Unconfined' } }, {}, {}, true)).toEqual({ profileType: Unconfined, localhostRef: '' });
    expect(profile({}, { privileged: true }, {}, true)).toEqual({ profileType: Unconfined, localhostRef: '' });
  });

  it('hides parts of /proc unless the container is privileged, or asks for all of it', () => {
    expect(context({}, {}).maskedPaths).toContain('/proc/kcore');
    expect(context({}, { privileged: true })).toMatchObject({ privileged: true, maskedPaths: [], readonlyPaths: [] });
    expect(context({}, { procMount: 'Unmasked' })).toMatchObject({ privileged: false, maskedPaths: [], readonlyPaths: [] });
    expect(sandboxSecurityContext(aPod({ containers: [aContainer('main', { securityContext: { privileged: true } })] }), '/seccomp').privileged).toBe(true);
  });

  it.each<[string, corev1.SecurityContext, ImageUser]>([
    ["container's runAsUser breaks non-root policy", { runAsNonRoot: true, runAsUser: 0 }, {}],
    ['container has runAsNonRoot and image will run as root', { runAsNonRoot: true }, { uid: 0 }],
    ['container has runAsNonRoot and image has non-numeric user (web), cannot verify user is non-root', { runAsNonRoot: true }, { username: 'web' }],
  ])('refuses: %s', (message, own, image) => {
    expect(() => context({}, own, image)).toThrow(message);
  });

  it('allows a numeric user that is not root', () => {
    expect(() => context({ runAsNonRoot: true }, {}, { uid: 1000 })).not.toThrow();
  });
});
