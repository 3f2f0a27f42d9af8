import { core, type corev1, type KubeObject } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { aPod } from '@navarch/testing';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { parse } from 'yaml';
import { Fields } from '../../config-file/strict-fields';
import type { AuthorizationAttributes, Authorizer } from '../../pipeline';
import { anAdmission, aUser } from '../../testing/admission-attributes';
import { admit } from '../../testing/admit';
import { ObjectTable } from '../../testing/object-table';
import { alwaysPullImages } from './always-pull-images';
import { EventRateLimit, readEventLimits } from './event-rate-limit';
import { ImagePolicyWebhook } from './image-policy-webhook';
import { OwnerReferencesPermissionEnforcement } from './owner-references-permission';
import { PodNodeSelector, readNodeSelectors } from './pod-node-selector';
import { covers, mergeTolerations } from './merge-tolerations';
import { PodTolerationRestriction, readClusterTolerations } from './pod-toleration-restriction';
import { PodTopologyLabels } from './pod-topology-labels';

const fields = (object: object): Fields => Fields.of('', parse(stringify(object)));
const inNamespace = (annotations: Record<string, string> = {}): ObjectTable => new ObjectTable().put(core.namespaces, { metadata: { name: 'default', annotations } });

describe('AlwaysPullImages', () => {
  const pod = (image: string): corev1.Pod => aPod().withInitContainer({ name: 'i', image }).withContainer({ name: 'c', image, imagePullPolicy: 'Never' }).withVolume({ name: 'v', image: { reference: image } }).build();
  const policies = ({ spec }: corev1.Pod) => [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].filter(({ name }) => name !== 'main').map(({ imagePullPolicy }) => imagePullPolicy).concat(spec?.volumes?.[0]?.image?.pullPolicy);

  it('has all images of a pod pulled, those of volumes too', async () => {
    const given = pod('a');
    expect(await admit(alwaysPullImages, anAdmission(given))).toBe('');
    expect(policies(given)).toEqual(['Always', 'Always', 'Always']);
  });

  it('leaves pods alone that were there before it, until they are given another image', async () => {
    const update = (object: corev1.Pod) => anAdmission(object, { operation: 'UPDATE', oldObject: pod('a') });
    const [same, other] = [pod('a'), pod('b')];
    expect([await admit(alwaysPullImages, update(same)), await admit(alwaysPullImages, update(other))]).toEqual(['not handled', '']);
    expect([policies(same)[1], policies(other)[1]]).toEqual(['Never', 'Always']);
  });

  it('refuses what was put back behind it', () => {
    const given = aPod().with(({ spec }) => (spec.containers = [{ name: 'c', image: 'a', imagePullPolicy: 'Never' }])).build();
    expect(() => alwaysPullImages.validate?.(anAdmission(given))).toThrow('pods "pod" is forbidden: spec.containers[0].imagePullPolicy: Unsupported value: "Never": supported values: "Always"');
  });
});

describe('PodNodeSelector', () => {
  const annotation = 'scheduler.alpha.kubernetes.io/node-selector';
  const selecting = (nodeSelector?: Record<string, string>): corev1.Pod => aPod().with(({ spec }) => nodeSelector && (spec.nodeSelector = nodeSelector)).build();

  it('adds what the namespace selects, or the cluster for namespaces that say nothing', async () => {
    const own = selecting({ disk: 'ssd' });
    expect(await admit(new PodNodeSelector(inNamespace({ [annotation]: 'env=test, zone=a' })), anAdmission(own))).toBe('');
    expect(own.spec?.nodeSelector).toEqual({ env: 'test', zone: 'a', disk: 'ssd' });
    const other = selecting();
    await admit(new PodNodeSelector(inNamespace(), readNodeSelectors(fields({ podNodeSelectorPluginConfig: { clusterDefaultNodeSelector: 'env=prod' } }))), anAdmission(other));
    expect(other.spec?.nodeSelector).toEqual({ env: 'prod' });
  });

  it.each([
    { what: 'a pod that selects otherwise', selector: { env: 'prod' }, annotations: { [annotation]: 'env=test' }, config: {}, says: 'pod node label selector conflicts with its namespace node label selector' },
    { what: 'what the namespace may not select', selector: { gpu: 'yes' }, annotations: {}, config: { default: 'env=test' }, says: 'pod node label selector labels conflict with its namespace whitelist' },
    { what: 'a selector that is none', selector: {}, annotations: { [annotation]: 'a b c' }, config: {}, says: 'invalid selector' },
  ])('refuses $what', async ({ selector, annotations, config, says }) => {
    expect(await admit(new PodNodeSelector(inNamespace(annotations), readNodeSelectors(fields({ podNodeSelectorPluginConfig: config }))), anAdmission(selecting(selector)))).toContain(says);
  });
});

describe('PodTolerationRestriction', () => {
  const [defaults, whitelist] = ['scheduler.alpha.kubernetes.io/defaultTolerations', 'scheduler.alpha.kubernetes.io/tolerationsWhitelist'];
  const tolerating = (...tolerations: corev1.Toleration[]): corev1.Pod => aPod().with(({ spec }) => {
    spec.tolerations = tolerations;
    spec.containers = [{ name: 'c', image: 'i' }];
  }).build();
  const a: corev1.Toleration = { key: 'a', operator: 'Exists' };

  it('adds what the namespace tolerates, once', async () => {
    const pod = tolerating({ key: 'a', operator: 'Equal', value: 'x' }, { key: 'b', operator: 'Exists' });
    expect(await admit(new PodTolerationRestriction(inNamespace({ [defaults]: JSON.stringify([a]) })), anAdmission(pod))).toBe('');
    expect(pod.spec?.tolerations).toEqual([a, { key: 'b', operator: 'Exists' }]);
  });

  it('lets pods that ask for something stay where memory is short', async () => {
    const pod = tolerating();
    if (pod.spec?.containers[0]) pod.spec.containers[0].resources = { requests: { cpu: '1' } };
    await admit(new PodTolerationRestriction(inNamespace()), anAdmission(pod));
    expect(pod.spec?.tolerations).toEqual([{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' }]);
  });

  it('refuses what is not allowed: by the namespace, else by the cluster', async () => {
    const cluster = readClusterTolerations(fields({ apiVersion: 'podtolerationrestriction.admission.k8s.io/v1alpha1', kind: 'Configuration', whitelist: [{ key: 'b', operator: 'Exists' }] }));
    expect(await admit(new PodTolerationRestriction(inNamespace({ [whitelist]: JSON.stringify([a]) }), cluster), anAdmission(tolerating(a)))).toBe('');
    expect(await admit(new PodTolerationRestriction(inNamespace(), cluster), anAdmission(tolerating(a)))).toContain('conflict with its cluster whitelist');
    expect(await admit(new PodTolerationRestriction(inNamespace({ [whitelist]: JSON.stringify([{ ...a, effect: 'NoExecute' }]) })), anAdmission(tolerating(a)))).toContain('conflict with its namespace whitelist');
    expect(await admit(new PodTolerationRestriction(inNamespace({ [defaults]: '{' })), anAdmission(tolerating(a)))).toContain('is no list of tolerations');
  });

  it('keeps the wider of two tolerations, and one of two that are the same', () => {
    const everything: corev1.Toleration = { operator: 'Exists' };
    expect(mergeTolerations([a, a], [everything])).toEqual([everything]);
    expect(mergeTolerations([a], [a])).toEqual([a]);
    expect(mergeTolerations([{ ...a, effect: 'NoExecute', tolerationSeconds: 10 }], [{ ...a, effect: 'NoExecute', tolerationSeconds: 5 }])).toEqual([{ ...a, effect: 'NoExecute', tolerationSeconds: 10 }]);
  });

  it('merges as comparing all with all does', () => {
    const toleration = fc.record({
      key: fc.constantFrom('', 'a', 'b'), operator: fc.constantFrom('', 'Equal', 'Exists', 'Lt'), value: fc.constantFrom('', 'x', '5'), effect: fc.constantFrom('', 'NoExecute', 'NoSchedule'), tolerationSeconds: fc.integer({ min: 0, max: 2 }),
    }, { requiredKeys: [] });
    fc.assert(fc.property(fc.array(toleration, { maxLength: 6 }), fc.array(toleration, { maxLength: 6 }), (first, second) => {
      const all = [...first, ...second];
      const compared = all.filter((one, at) => !all.some((other, index) => index !== at && covers(other, one) && (index < at || !covers(one, other))));
      expect(mergeTolerations(first, second)).toEqual(compared);
    }), { numRuns: 500 });
  });
});

describe('EventRateLimit', () => {
  const event = (object = 'web'): KubeObject => ({ metadata: { name: 'e', namespace: 'default' }, involvedObject: { kind: 'Pod', name: object }, source: { component: 'c' } }) as KubeObject;
  const told = (name: string, object?: string) => anAdmission(event(object), { resource: 'events', kind: 'Event', user: aUser(name) });
  const limiting = (clock: FakeClock, ...limits: object[]) => new EventRateLimit(readEventLimits(fields({ limits })), clock);

  it('listens to each as much as it should, and again after a while', async () => {
    const clock = new FakeClock(0);
    const plugin = limiting(clock, { type: 'User', qps: 1, burst: 2 });
    expect([await admit(plugin, told('a')), await admit(plugin, told('a')), await admit(plugin, told('b'))]).toEqual(['', '', '']);
    expect(await admit(plugin, told('a'))).toBe('limit reached on type User for key a');
    await clock.advance(1000);
    expect(await admit(plugin, told('a'))).toBe('');
    expect(await admit(plugin, told('a'))).not.toBe('');
  });

  it('tells sources and their objects apart', async () => {
    const plugin = limiting(new FakeClock(0), { type: 'SourceAndObject', qps: 1, burst: 1 });
    expect([await admit(plugin, told('a', 'x')), await admit(plugin, told('a', 'y'))]).toEqual(['', '']);
    expect(await admit(plugin, told('b', 'x'))).toContain('limit reached on type SourceAndObject for key cPod');
  });

  it('needs limits that are some', () => {
    expect(() => limiting(new FakeClock(0), { type: 'All', qps: 1, burst: 1 })).toThrow('is not one of Server, Namespace, User, SourceAndObject');
    expect(() => limiting(new FakeClock(0), { type: 'Server', qps: 0, burst: 1 })).toThrow('limits[0].qps: Invalid value: 0: must be positive');
  });
});

describe('OwnerReferencesPermissionEnforcement', () => {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: '1' };
  const owned = (...ownerReferences: object[]): corev1.Pod => aPod().with(({ metadata }) => (metadata.ownerReferences = ownerReferences as never)).build();
  const plugin = (allow: (asked: AuthorizationAttributes) => boolean): OwnerReferencesPermissionEnforcement => {
    const authorizer: Authorizer = { name: 'some', authorize: (_user, asked) => ({ verdict: allow(asked) ? 'allow' : 'no-opinion', reason: 'why' }) };
    return new OwnerReferencesPermissionEnforcement(authorizer, (group, version, kind) => (group === 'apps' && version === 'v1' && kind === 'ReplicaSet' ? [{ resource: 'replicasets', namespaced: true }] : []));
  };
  const update = (now: corev1.Pod, before: corev1.Pod) => anAdmission(now, { operation: 'UPDATE', oldObject: before });

  it('lets nobody make a thing depend on others who may not delete it', async () => {
    expect(await admit(plugin(() => false), update(owned(owner), owned()))).toBe('pods "pod" is forbidden: cannot set an ownerRef on a resource you can\'t delete: why, <nil>');
    expect(await admit(plugin(({ verb, resource }) => verb === 'delete' && resource === 'pods'), update(owned(owner), owned()))).toBe('');
    expect(await admit(plugin(() => false), anAdmission(owned(owner)))).toBe('');
    expect(await admit(plugin(() => false), update(owned(owner), owned(owner)))).toBe('not handled');
  });

  it('lets nobody hold up an owner who may not set its finalizers', async () => {
    const blocking = { ...owner, blockOwnerDeletion: true };
    expect(await admit(plugin(() => false), anAdmission(owned(blocking)))).toContain('cannot set blockOwnerDeletion if an ownerReference refers to a resource you can\'t set finalizers on: why');
    expect(await admit(plugin(({ verb, resource, subresource, name }) => `${verb} ${resource}/${subresource} ${name}` === 'update replicasets/finalizers rs'), anAdmission(owned(blocking)))).toBe('');
    expect(await admit(plugin(() => true), anAdmission(owned({ ...blocking, kind: 'Nonsense' })))).toContain('cannot find RESTMapping for APIVersion apps/v1 Kind Nonsense');
  });
});

describe('PodTopologyLabels', () => {
  const zone = 'topology.kubernetes.io/zone';
  const table = new ObjectTable().put(core.nodes, { metadata: { name: 'n', labels: { [zone]: 'z1', other: 'x' } } });

  it('puts where a node is on what binds a pod to it, and on pods that come with a node', async () => {
    const binding = { metadata: { name: 'pod', namespace: 'default' }, target: { kind: 'Node', name: 'n' } } as KubeObject;
    await admit(new PodTopologyLabels(table), anAdmission(binding, { subresource: 'binding' }));
    expect(binding.metadata.labels).toEqual({ [zone]: 'z1' });
    const pod = aPod().onNode('n').with(({ metadata }) => (metadata.labels = { [zone]: 'mine' })).build();
    await admit(new PodTopologyLabels(table), anAdmission(pod));
    expect(pod.metadata.labels?.[zone]).toBe('z1');
    const lost = { metadata: { name: 'pod', namespace: 'default' }, target: { kind: 'Node', name: 'gone' } } as KubeObject;
    expect(await admit(new PodTopologyLabels(table), anAdmission(lost, { subresource: 'binding' }))).toBe('');
  });
});

describe('ImagePolicyWebhook', () => {
  const policy = { allowTtlMs: 1000, denyTtlMs: 1000, retryBackoffMs: 1, defaultAllow: false };
  const asking = (answer: unknown, over: Partial<typeof policy> = {}, clock = new FakeClock(0)) => {
    const asked: unknown[] = [];
    const endpoint = {
      post: <T>(body: unknown): Promise<T> => {
        asked.push(body);
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as T);
      },
    };
    return { asked, clock, plugin: new ImagePolicyWebhook({ ...policy, ...over }, { endpoint, clock, log: silentLogger }) };
  };
  const pod = (): corev1.Pod => aPod().with(({ spec, metadata }) => {
    spec.containers = [{ name: 'c', image: 'x:1' }];
    metadata.annotations = { 'mycluster.image-policy.k8s.io/ticket': '1', other: '2' };
  }).build();

  it('asks about images, and remembers the answer', async () => {
    const { asked, plugin } = asking({ status: { allowed: true } });
    expect([await admit(plugin, anAdmission(pod())), await admit(plugin, anAdmission(pod()))]).toEqual(['', '']);
    expect(asked).toEqual([{ kind: 'ImageReview', apiVersion: 'imagepolicy.k8s.io/v1alpha1', spec: { containers: [{ image: 'x:1' }], annotations: { 'mycluster.image-policy.k8s.io/ticket': '1' }, namespace: 'default' } }]);
  });

  it('says why an image is not let in', async () => {
    expect(await admit(asking({ status: { allowed: false, reason: 'old' } }).plugin, anAdmission(pod()))).toBe('pods "pod" is forbidden: image policy webhook backend denied one or more images: old');
  });

  it.each([[false, 'pods "pod" is forbidden: down'], [true, '']])('when nobody answers, lets in by default: %p', async (defaultAllow, says) => {
    const { plugin, clock, asked } = asking(new Error('down'), { defaultAllow });
    const subject = pod();
    const answer = admit(plugin, anAdmission(subject));
    // Each attempt waits for longer than the one before.
    for (let attempt = 1; attempt <= 5; attempt++) await clock.advance(1000);
    expect(await answer).toBe(says);
    expect(asked).toHaveLength(5);
    expect(subject.metadata.annotations?.['alpha.image-policy.k8s.io/failed-open']).toBe(defaultAllow ? 'true' : undefined);
  });
});
