import { apps, core, type appsv1, type corev1 } from '@navarch/api';
import { createRegistry } from '@navarch/component-base';
import { aPod } from '@navarch/testing';
import type { AdmissionAttributes } from '../../pipeline';
import { anAdmission } from '../../testing/admission-attributes';
import { admit } from '../../testing/admit';
import { ObjectTable } from '../../testing/object-table';
import { PodSecurity } from './pod-security';
import { PodSecurityMetrics } from './pod-security-metrics';
import { openByDefault, type PodSecurityConfiguration } from './pod-security-configuration';

const namespace = (labels: Record<string, string>): corev1.Namespace => ({ metadata: { name: 'default', labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value])) } });
const privileged = (): corev1.Pod => aPod().with(({ spec }) => (spec.containers = [{ name: 'a', image: 'i', securityContext: { privileged: true } }])).build();

interface Outcome {
  readonly refusal: string;
  readonly warnings: string[];
  readonly notes: Record<string, string>;
  /** Lines that are not 0. */
  readonly counted: string[];
}

async function run(labels: Record<string, string>, attributes: AdmissionAttributes, ...pods: corev1.Pod[]): Promise<Outcome> {
  return runWith(openByDefault, labels, attributes, ...pods);
}

async function runWith(configuration: PodSecurityConfiguration, labels: Record<string, string>, attributes: AdmissionAttributes, ...pods: corev1.Pod[]): Promise<Outcome> {
  const [warnings, notes]: [string[], Record<string, string>] = [[], {}];
  const table = new ObjectTable().put(core.namespaces, namespace(labels)).put(core.pods, ...pods);
  const registry = createRegistry();
  const refusal = await admit(new PodSecurity(table, new PodSecurityMetrics(registry), configuration), {
    ...attributes,
    warn: (text) => warnings.push(text),
    annotate: (key, value) => (notes[key.replace('pod-security.kubernetes.io/', '')] = value),
  });
  const counted = (await registry.metrics()).split('\n').filter((line) => line.startsWith('pod_security_') && !line.endsWith(' 0'));
  return { refusal, warnings, notes, counted };
}

it('refuses a pod that breaks the enforced level, and says why', async () => {
  const { refusal, warnings } = await run({ enforce: 'baseline' }, anAdmission(privileged()));
  expect(refusal).toBe('pods "pod" is forbidden: violates PodSecurity "baseline:latest": privileged (container "a" must not set securityContext.privileged=true)');
  expect(warnings).toEqual([]);
});

it('warns and notes for the audit, each at its level', async () => {
  const { refusal, warnings, notes } = await run({ enforce: 'privileged', warn: 'baseline', 'warn-version': 'v1.25', audit: 'baseline' }, anAdmission(privileged()));
  expect(refusal).toBe('');
  expect(warnings).toEqual(['would violate PodSecurity "baseline:v1.25": privileged (container "a" must not set securityContext.privileged=true)']);
  expect(notes).toEqual({ 'enforce-policy': 'privileged:latest', 'audit-violations': 'would violate PodSecurity "baseline:latest": privileged (container "a" must not set securityContext.privileged=true)' });
});

it('counts what it came to', async () => {
  const of = (mode: string, level: string, version: string, decision: string): string =>
    `pod_security_evaluations_total{decision="${decision}",policy_level="${level}",policy_version="${version}",mode="${mode}",request_operation="create",resource="pod",subresource=""} 1`;
  expect(
    (await run({ enforce: 'privileged', warn: 'baseline', 'warn-version': 'v1.25', audit: 'baseline', 'audit-version': 'v1.99' }, anAdmission(privileged())))
      .counted,
  ).toEqual([of('enforce', 'privileged', 'latest', 'allow'), of('audit', 'baseline', 'future', 'deny'), of('warn', 'baseline', 'v1.25', 'deny')]);
  expect((await run({ enforce: 'baseline' }, anAdmission(privileged()))).counted).toEqual([of('enforce', 'baseline', 'latest', 'deny')]);
  expect((await run({ enforce: 'x' }, anAdmission(privileged()))).counted).toContain('pod_security_errors_total{fatal="false",request_operation="create",resource="pod",subresource=""} 1');
  const exempting = { ...openByDefault, exemptions: { ...openByDefault.exemptions, namespaces: ['default'] } };
  expect((await runWith(exempting, { enforce: 'baseline' }, anAdmission(privileged()))).counted).toEqual(['pod_security_exemptions_total{request_operation="create",resource="pod",subresource=""} 1']);
});

it('warns about the template of a workload that it does not hold back', async () => {
  const deployment: appsv1.Deployment = { metadata: { name: 'web', namespace: 'default' }, spec: { selector: {}, template: { metadata: {}, spec: privileged().spec } } } as appsv1.Deployment;
  const { refusal, warnings } = await run({ enforce: 'baseline' }, anAdmission(deployment, { group: apps.deployments.group, resource: 'deployments' }));
  expect(refusal).toBe('');
  expect(warnings).toEqual(['would violate PodSecurity "baseline:latest": privileged (container "a" must not set securityContext.privileged=true)']);
});

it.each<{ reason: string; over: Partial<AdmissionAttributes>; changed?: (pod: corev1.Pod) => void; refusal: string }>([
  { reason: 'a change that brings no image', over: { operation: 'UPDATE' }, changed: (pod) => (pod.metadata.labels = { a: 'b' }), refusal: '' },
  { reason: 'a new image', over: { operation: 'UPDATE' }, changed: (pod) => ((pod.spec?.containers ?? []).forEach((container) => (container.image = 'other'))), refusal: 'violates PodSecurity' },
  { reason: 'another container', over: { operation: 'UPDATE', subresource: 'ephemeralcontainers' }, changed: (pod) => pod.spec && (pod.spec.ephemeralContainers = [{ name: 'debug', image: 'i' }]), refusal: 'violates PodSecurity' },
  { reason: 'a status', over: { operation: 'UPDATE', subresource: 'status' }, refusal: 'not handled' },
  { reason: 'an eviction', over: { subresource: 'eviction' }, refusal: 'not handled' },
])('$reason: $refusal', async ({ over, changed, refusal }) => {
  const pod = privileged();
  changed?.(pod);
  const outcome = await run({ enforce: 'baseline' }, anAdmission(pod, { oldObject: privileged(), ...over }));
  if (refusal === '') expect(outcome.refusal).toBe('');
  else expect(outcome.refusal).toContain(refusal);
});

describe('the labels of a namespace', () => {
  const change = (before: Record<string, string> | undefined, after: Record<string, string>): AdmissionAttributes =>
    anAdmission(namespace(after), { resource: 'namespaces', kind: 'Namespace', ...(before ? { operation: 'UPDATE', oldObject: namespace(before) } : {}) });

  it('must make sense, unless they made none before', async () => {
    const wrong = 'Namespace "default" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "x": must be one of privileged, baseline, restricted';
    expect((await run({}, change(undefined, { enforce: 'x' }))).refusal).toBe(wrong);
    expect((await run({}, change({}, { enforce: 'x' }))).refusal).toBe(wrong);
    expect((await run({}, change({ enforce: 'x' }, { enforce: 'x' }))).refusal).toBe('');
  });

  it('warn about pods that stay though the new level would not have let them in', async () => {
    const owned = (name: string, image = 'i'): corev1.Pod => ({ ...privileged(), metadata: { name, namespace: 'default', ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: image, controller: true }] } });
    const host = aPod().named('host').with(({ spec }) => (spec.hostNetwork = true)).build();
    const { warnings } = await run({}, change({}, { enforce: 'baseline' }), owned('b'), owned('a'), owned('c'), host, aPod().named('good').build());
    expect(warnings).toEqual(['existing pods in namespace "default" violate the new PodSecurity enforce level "baseline:latest"', 'a (and 2 other pods): privileged', 'host: host namespaces']);
    expect((await run({}, change({ enforce: 'restricted' }, { enforce: 'baseline' }), host)).warnings).toEqual([]);
    expect((await run({}, change({ enforce: 'baseline' }, { enforce: 'privileged' }), host)).warnings).toEqual([]);
  });

  it('say what comes of them where nobody is held to them: in an exempt namespace nothing, of exempt pods nothing', async () => {
    const exempt = (exemptions: Partial<PodSecurityConfiguration['exemptions']>): PodSecurityConfiguration => ({ ...openByDefault, exemptions: { ...openByDefault.exemptions, ...exemptions } });
    const ignored = 'namespace "default" is exempt from Pod Security, and the policy (enforce=restricted:v1.20, warn=restricted:v1.20) will be ignored';
    const configuration = exempt({ namespaces: ['default'] });
    const labels = { enforce: 'restricted', 'enforce-version': 'v1.20', warn: 'restricted', 'warn-version': 'v1.20' };
    expect((await runWith(configuration, {}, change(undefined, labels))).warnings).toEqual([ignored]);
    expect((await runWith(configuration, {}, change({}, labels), privileged())).warnings).toEqual([ignored]);
    expect((await runWith(configuration, {}, change(labels, { ...labels, other: 'x' }), privileged())).warnings).toEqual([]);
    expect((await runWith(configuration, {}, change(undefined, { audit: 'privileged' }))).warnings).toEqual([]);
    const sandboxed = aPod().with(({ spec }) => Object.assign(spec, { hostNetwork: true, runtimeClassName: 'sandbox' })).build();
    expect((await runWith(exempt({ runtimeClasses: ['sandbox'] }), {}, change({}, { enforce: 'baseline' }), sandboxed)).warnings).toEqual([]);
  });
});
