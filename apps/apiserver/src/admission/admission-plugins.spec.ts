import { core, scheduling, type corev1, type schedulingv1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { aNode, aPod } from '@navarch/testing';
import type { AdmissionAttributes, AuthorizationAttributes, Decision } from '../pipeline';
import { anAdmission } from '../testing/admission-attributes';
import { admit } from '../testing/admit';
import { ObjectTable } from '../testing/object-table';
import { CreateAuthorization } from './create-authorization';
import { DefaultTolerationSeconds } from './default-toleration-seconds';
import { NamespaceLifecycle } from './namespace-lifecycle';
import { PriorityAdmission } from './priority';
import { ServiceAccountAdmission } from './service-account';
import { TaintNodesByCondition } from './taint-nodes-by-condition';

describe('NamespaceLifecycle', () => {
  const namespace = (name: string, more: Partial<corev1.Namespace> = {}): corev1.Namespace => ({ metadata: { name }, status: { phase: 'Active' }, ...more });
  const table = (): ObjectTable =>
    new ObjectTable().put(
      core.namespaces,
      namespace('default'),
      namespace('going', { status: { phase: 'Terminating' } }),
      namespace('marked', { metadata: { name: 'marked', deletionTimestamp: '2030-01-01T00:00:00Z' } }),
    );
  const pod = (where: string): corev1.Pod => aPod().inNamespace(where).named('a').build();
  const deletion = (name: string): AdmissionAttributes => anAdmission(undefined, { operation: 'DELETE', resource: 'namespaces', name, namespace: name });

  it.each<{ reason: string; write: AdmissionAttributes; refusal: string }>([
    { reason: 'a write in a namespace', write: anAdmission(pod('default')), refusal: '' },
    { reason: 'a write in none', write: anAdmission(pod('nowhere')), refusal: 'namespaces "nowhere" not found' },
    { reason: 'a write in one that goes', write: anAdmission(pod('going')), refusal: 'pods "a" is forbidden: unable to create new content in namespace going because it is being terminated' },
    { reason: 'a write in one that is marked', write: anAdmission(pod('marked')), refusal: 'pods "a" is forbidden: unable to create new content in namespace marked because it is being terminated' },
    { reason: 'a change in one that goes', write: anAdmission(pod('going'), { operation: 'UPDATE' }), refusal: 'not handled' },
    { reason: 'a review about any', write: anAdmission({ metadata: { namespace: 'nowhere' } }, { group: 'authorization.k8s.io', resource: 'localsubjectaccessreviews' }), refusal: 'not handled' },
    { reason: 'a cluster-wide object', write: anAdmission(aNode().build(), { resource: 'nodes' }), refusal: 'not handled' },
    ...['default', 'kube-system', 'kube-public'].map((name) => ({ reason: `deleting ${name}`, write: deletion(name), refusal: `namespaces "${name}" is forbidden: this namespace may not be deleted` })),
    { reason: 'deleting another', write: deletion('team'), refusal: '' },
  ])('$reason: $refusal', async ({ write, refusal }) => {
    expect(await admit(new NamespaceLifecycle(table()), write)).toBe(refusal);
  });

  it('looks for a namespace that another apiserver has just made', async () => {
    const objects = table();
    objects.late.push(() => objects.put(core.namespaces, namespace('fresh')));
    expect(await admit(new NamespaceLifecycle(objects), anAdmission(pod('fresh')))).toBe('');
  });

  it('tells controllers by a cause that a namespace goes', async () => {
    const write = anAdmission({ metadata: { namespace: 'going', generateName: 'web-' } });
    const error: unknown = await Promise.resolve().then(() => new NamespaceLifecycle(table()).mutate(write)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: { code: 403, details: { name: 'web-', kind: 'pods', causes: [{ reason: 'NamespaceTerminating', message: 'namespace going is being terminated', field: 'metadata.namespace' }] } } });
  });
});

describe('ServiceAccountAdmission', () => {
  const account = (more: Partial<corev1.ServiceAccount> = {}, name = 'default'): corev1.ServiceAccount => ({ ...more, metadata: { namespace: 'default', name, ...more.metadata } });
  const path = '/var/run/secrets/kubernetes.io/serviceaccount';
  const run = async (pod: corev1.Pod, table: ObjectTable, clock = new FakeClock()): Promise<{ refusal: string; spec: corev1.PodSpec }> => ({
    refusal: await admit(new ServiceAccountAdmission(table, clock), anAdmission(pod)),
    spec: pod.spec as corev1.PodSpec,
  });
  const world = (...accounts: corev1.ServiceAccount[]): ObjectTable => new ObjectTable().put(core.serviceaccounts, ...accounts);

  it('gives a pod its account, and each container the token', async () => {
    const { refusal, spec } = await run(aPod().withInitContainer({ name: 'init' }).withContainer({ name: 'own', volumeMounts: [{ name: 'mine', mountPath: path }] }).build(), world(account({ imagePullSecrets: [{ name: 'pull' }] })));
    expect(refusal).toBe('');
    expect(spec).toMatchObject({ serviceAccountName: 'default', serviceAccount: 'default', imagePullSecrets: [{ name: 'pull' }] });
    const [volume] = spec.volumes ?? [];
    expect(volume).toEqual({
      name: expect.stringMatching(/^kube-api-access-[a-z0-9]{5}$/) as string,
      projected: {
        defaultMode: 420,
        sources: [
          { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
        ],
      },
    });
    const mounts = [...(spec.initContainers ?? []), ...spec.containers].map(({ name, volumeMounts }) => [name, volumeMounts?.map((mount) => mount.name)]);
    expect(mounts).toEqual([['init', [volume?.name]], ['main', [volume?.name]], ['own', ['mine']]]);
  });

  it.each<{ reason: string; pod: corev1.Pod; account: corev1.ServiceAccount; volumes: number }>([
    { reason: 'the account says no', pod: aPod().build(), account: account({ automountServiceAccountToken: false }), volumes: 0 },
    { reason: 'the pod says yes', pod: aPod().with(({ spec }) => (spec.automountServiceAccountToken = true)).build(), account: account({ automountServiceAccountToken: false }), volumes: 1 },
    { reason: 'the pod says no', pod: aPod().with(({ spec }) => (spec.automountServiceAccountToken = false)).build(), account: account(), volumes: 0 },
    { reason: 'the pod has the volume', pod: aPod().withVolume({ name: 'kube-api-access-mine', emptyDir: {} }).build(), account: account(), volumes: 1 },
    { reason: 'no container wants it', pod: aPod().with(({ spec }) => (spec.containers = [{ name: 'a', volumeMounts: [{ name: 'x', mountPath: path }] }])).build(), account: account(), volumes: 0 },
  ])('mounts $volumes volumes when $reason', async ({ pod, account: of, volumes }) => {
    expect((await run(pod, world(of))).spec.volumes ?? []).toHaveLength(volumes);
  });

  it('keeps pull secrets that a pod brings', async () => {
    const { spec } = await run(aPod().with(({ spec: own }) => (own.imagePullSecrets = [{ name: 'mine' }])).build(), world(account({ imagePullSecrets: [{ name: 'pull' }] })));
    expect(spec.imagePullSecrets).toEqual([{ name: 'mine' }]);
  });

  it('waits for the default account of a new namespace', async () => {
    const clock = new FakeClock();
    const table = new ObjectTable();
    const running = run(aPod().build(), table, clock);
    await clock.advance(350);
    table.put(core.serviceaccounts, account());
    await clock.advance(100);
    expect((await running).refusal).toBe('');
  });

  it.each([
    { name: 'default', tries: 10 },
    { name: 'robot', tries: 1 },
  ])('refuses a pod whose account $name is not there after $tries looks', async ({ name, tries }) => {
    const clock = new FakeClock();
    const table = new ObjectTable();
    const running = run(aPod().named('web').with(({ spec }) => (spec.serviceAccountName = name)).build(), table, clock);
    await clock.advance(2_000);
    expect((await running).refusal).toBe(`pods "web" is forbidden: error looking up service account default/${name}: serviceaccount "${name}" not found`);
    expect(table.refreshes).toBe(tries);
  });

  it.each<{ reason: string; pod: corev1.Pod; refusal: string }>([
    { reason: 'is left as it is', pod: aPod().build(), refusal: '' },
    { reason: 'with an account', pod: aPod().with(({ spec }) => (spec.serviceAccountName = 'x')).build(), refusal: 'pods "pod" is forbidden: a mirror pod may not reference service accounts' },
    { reason: 'with a secret', pod: aPod().withVolume({ name: 's', secret: { secretName: 's' } }).build(), refusal: 'pods "pod" is forbidden: a mirror pod may not reference secrets' },
    { reason: 'with a token', pod: aPod().withVolume({ name: 's', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }).build(), refusal: 'pods "pod" is forbidden: a mirror pod may not use ServiceAccountToken volume projections' },
  ])('a mirror pod $reason', async ({ pod, refusal }) => {
    pod.metadata.annotations = { 'kubernetes.io/config.mirror': 'x' };
    const before = structuredClone(pod);
    expect((await run(pod, new ObjectTable())).refusal).toBe(refusal);
    expect(pod).toEqual(before);
  });

  const limited = account({ metadata: { annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } }, secrets: [{ name: 'listed' }], imagePullSecrets: [{ name: 'pull' }] });
  const environment = (name: string): corev1.EnvVar[] => [{ name: 'E', valueFrom: { secretKeyRef: { name, key: 'k' } } }];
  it.each<{ reason: string; pod: corev1.Pod; refusal: string }>([
    { reason: 'a listed one', pod: aPod().withVolume({ name: 's', secret: { secretName: 'listed' } }).withInitContainer({ name: 'i', env: environment('listed') }).build(), refusal: '' },
    { reason: 'a volume', pod: aPod().withVolume({ name: 's', secret: { secretName: 'x' } }).build(), refusal: 'volume with secret.secretName="x" is not allowed because service account default does not reference that secret' },
    { reason: 'an init container', pod: aPod().withInitContainer({ name: 'i', env: environment('x') }).build(), refusal: 'init container i with envVar E referencing secret.secretName="x" is not allowed because service account default does not reference that secret' },
    { reason: 'a container', pod: aPod().withContainer({ name: 'c', env: environment('x') }).build(), refusal: 'container c with envVar E referencing secret.secretName="x" is not allowed because service account default does not reference that secret' },
    { reason: 'all of a secret', pod: aPod().withContainer({ name: 'c', envFrom: [{ secretRef: { name: 'listed' } }, { secretRef: { name: 'x' } }] }).build(), refusal: 'container c with envFrom referencing secret.secretName="x" is not allowed because service account default does not reference that secret' },
    { reason: 'a pull secret', pod: aPod().with(({ spec }) => (spec.imagePullSecrets = [{ name: 'pull' }, { name: 'x' }])).build(), refusal: 'imagePullSecrets[1].name="x" is not allowed because service account default does not reference that imagePullSecret' },
  ])('holds a pod to the secrets of its account: $reason', async ({ pod, refusal }) => {
    expect((await run(pod, world(limited))).refusal).toBe(refusal === '' ? '' : `pods "pod" is forbidden: ${refusal}`);
  });

  it('holds containers that come later to them as well', async () => {
    const pod = aPod().with(({ spec }) => {
      spec.serviceAccountName = 'default';
      spec.ephemeralContainers = [{ name: 'debug', env: environment('x') }];
    }).build();
    const update = anAdmission(pod, { operation: 'UPDATE', subresource: 'ephemeralcontainers', oldObject: pod });
    expect(await admit(new ServiceAccountAdmission(world(limited), new FakeClock()), update)).toContain('ephemeral container debug with envVar E');
    expect(pod.spec.volumes).toBeUndefined();
  });
});

describe('PriorityAdmission', () => {
  const high: schedulingv1.PriorityClass = { metadata: { name: 'high' }, value: 1000, preemptionPolicy: 'Never' };
  const normal: schedulingv1.PriorityClass = { metadata: { name: 'normal' }, value: 10, globalDefault: true };
  const world = (...classes: schedulingv1.PriorityClass[]): ObjectTable => new ObjectTable().put(scheduling.priorityclasses, ...classes);

  it.each<{ reason: string; classes: schedulingv1.PriorityClass[]; spec: Partial<corev1.PodSpec>; becomes?: Partial<corev1.PodSpec>; refusal?: string }>([
    { reason: 'no class, no default', classes: [high], spec: {}, becomes: { priority: 0, preemptionPolicy: 'PreemptLowerPriority' } },
    { reason: 'no class, a default', classes: [high, normal], spec: {}, becomes: { priorityClassName: 'normal', priority: 10, preemptionPolicy: 'PreemptLowerPriority' } },
    { reason: 'a class', classes: [high, normal], spec: { priorityClassName: 'high' }, becomes: { priorityClassName: 'high', priority: 1000, preemptionPolicy: 'Never' } },
    { reason: 'a class and its value', classes: [high], spec: { priorityClassName: 'high', priority: 1000 }, becomes: { priority: 1000 } },
    { reason: 'a class that is not there', classes: [], spec: { priorityClassName: 'high' }, refusal: 'no PriorityClass with name high was found' },
    { reason: 'another value', classes: [high], spec: { priorityClassName: 'high', priority: 7 }, refusal: 'the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 1000 from the given PriorityClass name' },
    { reason: 'another policy', classes: [high], spec: { priorityClassName: 'high', preemptionPolicy: 'PreemptLowerPriority' }, refusal: 'the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec; priority admission controller computed Never from the given PriorityClass name' },
    { reason: 'two defaults: the lower', classes: [{ ...high, globalDefault: true }, normal], spec: {}, becomes: { priority: 10 } },
  ])('fills in a pod: $reason', async ({ classes, spec, becomes, refusal }) => {
    const pod = aPod().with((object) => Object.assign(object.spec, spec)).build();
    expect(await admit(new PriorityAdmission(world(...classes)), anAdmission(pod))).toBe(refusal === undefined ? '' : `pods "pod" is forbidden: ${refusal}`);
    if (becomes) expect(pod.spec).toMatchObject(becomes);
  });

  it('heeds a default that comes, changes or goes', async () => {
    const table = new ObjectTable();
    const plugin = new PriorityAdmission(table);
    const priorities: (number | undefined)[] = [];
    const fill = async (): Promise<void> => {
      const pod = aPod().build();
      expect(await admit(plugin, anAdmission(pod))).toBe('');
      priorities.push(pod.spec.priority);
    };
    await fill();
    for (const entry of [high, normal, { ...normal, value: 20 }]) {
      table.put(scheduling.priorityclasses, entry);
      await fill();
    }
    table.remove(scheduling.priorityclasses, '', 'normal');
    await fill();
    expect(priorities).toEqual([0, 0, 10, 20, 0]);
  });

  it('keeps on update what a client leaves out', async () => {
    const old = aPod().with(({ spec }) => Object.assign(spec, { priority: 7, preemptionPolicy: 'Never' })).build();
    const pod = aPod().build();
    expect(await admit(new PriorityAdmission(world()), anAdmission(pod, { operation: 'UPDATE', oldObject: old }))).toBe('');
    expect(pod.spec).toMatchObject({ priority: 7, preemptionPolicy: 'Never' });
  });

  it('looks for a class that another apiserver has just made', async () => {
    const table = world();
    table.late.push(() => table.put(scheduling.priorityclasses, high));
    const pod = aPod().with(({ spec }) => (spec.priorityClassName = 'high')).build();
    expect(await admit(new PriorityAdmission(table), anAdmission(pod))).toBe('');
    expect(pod.spec.priority).toBe(1000);
  });

  const classes = { group: 'scheduling.k8s.io', resource: 'priorityclasses' };
  it.each<{ reason: string; write: AdmissionAttributes; refusal: string }>([
    { reason: 'a second default', write: anAdmission({ ...high, globalDefault: true } as schedulingv1.PriorityClass, classes), refusal: 'priorityclasses.scheduling.k8s.io "high" is forbidden: PriorityClass normal is already marked as default. Only one default can exist' },
    { reason: 'a class that becomes the second', write: anAdmission({ ...high, globalDefault: true } as schedulingv1.PriorityClass, { ...classes, operation: 'UPDATE', oldObject: high }), refusal: 'priorityclasses.scheduling.k8s.io "high" is forbidden: PriorityClass normal is already marked as default. Only one default can exist' },
    { reason: 'the default again', write: anAdmission(normal, { ...classes, operation: 'UPDATE', oldObject: normal }), refusal: '' },
    { reason: 'any other', write: anAdmission(high, classes), refusal: '' },
    { reason: 'deleting one of the system', write: anAdmission(undefined, { ...classes, operation: 'DELETE', oldObject: { metadata: { name: 'system-node-critical' } } }), refusal: 'priorityclasses.scheduling.k8s.io "system-node-critical" is forbidden: this is a system priority class and cannot be deleted' },
    { reason: 'deleting another', write: anAdmission(undefined, { ...classes, operation: 'DELETE', oldObject: high }), refusal: '' },
  ])('sees to classes: $reason', async ({ write, refusal }) => {
    expect(await admit(new PriorityAdmission(world(normal)), write)).toBe(refusal);
  });
});

describe('DefaultTolerationSeconds', () => {
  const notReady = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 11 };
  const unreachable = { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 22 };

  it.each<{ reason: string; given: corev1.Toleration[]; becomes: corev1.Toleration[] }>([
    { reason: 'nothing', given: [], becomes: [notReady, unreachable] },
    { reason: 'another toleration', given: [{ key: 'a' }], becomes: [{ key: 'a' }, notReady, unreachable] },
    { reason: 'one of them', given: [{ ...notReady, tolerationSeconds: 1 }], becomes: [{ ...notReady, tolerationSeconds: 1 }, unreachable] },
    { reason: 'one of them for another effect', given: [{ ...notReady, effect: 'NoSchedule' }], becomes: [{ ...notReady, effect: 'NoSchedule' }, notReady, unreachable] },
    { reason: 'one of them for all effects', given: [{ key: unreachable.key, operator: 'Exists' }], becomes: [{ key: unreachable.key, operator: 'Exists' }, notReady] },
    { reason: 'all taints', given: [{ operator: 'Exists' }], becomes: [{ operator: 'Exists' }] },
    { reason: 'all taints of another effect', given: [{ operator: 'Exists', effect: 'NoSchedule' }], becomes: [{ operator: 'Exists', effect: 'NoSchedule' }, notReady, unreachable] },
  ])('adds what is missing to $reason', async ({ given, becomes }) => {
    const pod = aPod().tolerating(...given).build();
    expect(await admit(new DefaultTolerationSeconds({ notReady: 11, unreachable: 22 }), anAdmission(pod))).toBe('');
    expect(pod.spec.tolerations).toEqual(becomes);
  });
});

describe('CreateAuthorization', () => {
  const asking = (decision: Decision, asked: AuthorizationAttributes[] = []): CreateAuthorization => new CreateAuthorization({
    name: 'fixed',
    authorize: (_user, attributes) => {
      asked.push(attributes);
      return decision;
    },
  });
  const applied = anAdmission({ metadata: { namespace: 'a', name: 'made' } }, { resource: 'configmaps', viaUpdate: true });

  it.each<{ decision: Decision; refusal: string }>([
    { decision: { verdict: 'allow' }, refusal: '' },
    { decision: { verdict: 'no-opinion', reason: 'RBAC: why' }, refusal: 'configmaps "made" is forbidden: User "jane" cannot create resource "configmaps" in API group "" in the namespace "a": RBAC: why' },
    { decision: { verdict: 'deny' }, refusal: 'configmaps "made" is forbidden: User "jane" cannot create resource "configmaps" in API group "" in the namespace "a"' },
  ])('asks about what an update creates: $decision', async ({ decision, refusal }) => {
    const asked: AuthorizationAttributes[] = [];
    expect(await admit(asking(decision, asked), applied)).toBe(refusal);
    expect(asked).toEqual([{ verb: 'create', isResource: true, path: '', group: '', version: 'v1', resource: 'configmaps', subresource: '', namespace: 'a', name: 'made' }]);
  });

  it('leaves other writes to what authorisation has said', async () => {
    expect(await admit(asking({ verdict: 'deny' }), { ...applied, viaUpdate: false })).toBe('not handled');
  });
});

describe('TaintNodesByCondition', () => {
  const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

  it.each<{ reason: string; given: corev1.Taint[] | undefined; becomes: corev1.Taint[] }>([
    { reason: 'a new node', given: undefined, becomes: [taint] },
    { reason: 'a tainted node', given: [{ key: 'a', effect: 'NoExecute' }], becomes: [{ key: 'a', effect: 'NoExecute' }, taint] },
    { reason: 'a node that has it', given: [{ ...taint, value: 'x' }], becomes: [{ ...taint, value: 'x' }] },
    { reason: 'a node with another effect', given: [{ ...taint, effect: 'NoExecute' }], becomes: [{ ...taint, effect: 'NoExecute' }, taint] },
  ])('taints $reason', async ({ given, becomes }) => {
    const node: corev1.Node = { metadata: { name: 'n' }, ...(given ? { spec: { taints: given } } : {}) };
    expect(await admit(new TaintNodesByCondition(), anAdmission(node, { resource: 'nodes' }))).toBe('');
    expect(node.spec?.taints).toEqual(becomes);
    expect(await admit(new TaintNodesByCondition(), anAdmission(node, { resource: 'nodes', operation: 'UPDATE' }))).toBe('not handled');
  });
});
