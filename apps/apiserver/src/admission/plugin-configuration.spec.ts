import { makeTempDir } from '@navarch/testing';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { createRegistry } from '@navarch/component-base';
import { aPod } from '@navarch/testing';
import { core } from '@navarch/api';
import { anAdmission, aUser } from '../testing/admission-attributes';
import { admit } from '../testing/admit';
import { ObjectTable } from '../testing/object-table';
import { FollowedConfigurations } from './followed-configurations';
import { loadPluginConfigurations, pluginConfiguration, type PluginConfigurations } from './plugin-configuration';
import { PodSecurity } from './pod-security/pod-security';
import { readPodSecurityConfiguration } from './pod-security/pod-security-configuration';
import { PodSecurityMetrics } from './pod-security/pod-security-metrics';
import { readWebhookConfiguration } from './webhooks/webhook-configuration';

const podSecurity = {
  apiVersion: 'pod-security.admission.config.k8s.io/v1', kind: 'PodSecurityConfiguration', defaults: { enforce: 'baseline', 'enforce-version': 'latest', warn: 'restricted' },
  exemptions: { usernames: ['root'], namespaces: ['kube-system'], runtimeClasses: ['sandboxed'] },
};

async function loaded(plugins: object[], files: Record<string, object> = {}, kind = 'AdmissionConfiguration'): Promise<PluginConfigurations> {
  await using directory = await makeTempDir();
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory.path, name), stringify(content));
  const path = join(directory.path, 'admission.yaml');
  await writeFile(path, stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind, plugins }));
  return await loadPluginConfigurations(path);
}

it.each([
  ['in its place', () => loaded([{ name: 'PodSecurity', configuration: podSecurity }])],
  ['in a file of its own', () => loaded([{ name: 'PodSecurity', path: 'pod-security.yaml' }], { 'pod-security.yaml': podSecurity })],
])('a plug-in is configured %s', async (_where, load) => {
  const found = pluginConfiguration(await load(), 'PodSecurity', readPodSecurityConfiguration);
  expect(found).toMatchObject({ defaults: { enforce: { level: 'baseline' }, audit: { level: 'privileged' }, warn: { level: 'restricted' } }, exemptions: { usernames: ['root'] } });
});

it('says which plug-in and field is wrong', async () => {
  const wrong = await loaded([{ name: 'PodSecurity', configuration: { ...podSecurity, defaults: { enforce: 'loose' } } }]);
  expect(() => pluginConfiguration(wrong, 'PodSecurity', readPodSecurityConfiguration)).toThrow('admission plug-in PodSecurity: plugins[0].configuration: defaults: ');
  await expect(loaded([], {}, 'Nonsense')).rejects.toThrow('it must be AdmissionConfiguration of apiserver.config.k8s.io/v1');
  await expect(loaded([{ name: 'A' , file: 'x' }])).rejects.toThrow('strict decoding error: unknown field "plugins[0].file"');
});

describe('PodSecurity', () => {
  const configuration = readPodSecurityConfiguration;
  const held = async (over: { user?: string; namespace?: string; runtimeClass?: string; labels?: Record<string, string> }): Promise<string> => {
    const namespace = over.namespace ?? 'default';
    const table = new ObjectTable().put(core.namespaces, { metadata: { name: namespace, labels: over.labels ?? {} } });
    const found = pluginConfiguration(await loaded([{ name: 'PodSecurity', configuration: podSecurity }]), 'PodSecurity', configuration);
    const pod = aPod().with(({ spec, metadata }) => {
      metadata.namespace = namespace;
      spec.hostNetwork = true;
      if (over.runtimeClass !== undefined) spec.runtimeClassName = over.runtimeClass;
    }).build();
    return admit(new PodSecurity(table, new PodSecurityMetrics(createRegistry()), found), anAdmission(pod, { user: aUser(over.user ?? 'jane') }));
  };

  it('holds namespaces that say nothing to what the file says, but for those it exempts', async () => {
    expect(await held({})).toContain('violates PodSecurity "baseline:latest"');
    expect(await held({ labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } })).toBe('');
    expect(await held({ user: 'root' })).toBe('');
    expect(await held({ namespace: 'kube-system' })).toBe('');
    expect(await held({ runtimeClass: 'sandboxed' })).toBe('');
    expect(await held({ runtimeClass: 'other' })).toContain('violates PodSecurity');
  });
});

it.each([
  [{ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'WebhookAdmissionConfiguration', kubeConfigFile: '/etc/hooks' }, '/etc/hooks'],
  [{ apiVersion: 'apiserver.config.k8s.io/v1alpha1', kind: 'WebhookAdmission', kubeConfigFile: '/etc/hooks' }, '/etc/hooks'],
  [{ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'WebhookAdmissionConfiguration' }, undefined],
])('webhooks know this server by the users of a file: %j', async (configuration, expected) => {
  expect(pluginConfiguration(await loaded([{ name: 'ValidatingAdmissionWebhook', configuration }]), 'ValidatingAdmissionWebhook', readWebhookConfiguration)).toBe(expected);
});

it.each([
  [{ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'WebhookAdmission', kubeConfigFile: '/etc/hooks' }, 'no kind "WebhookAdmission" is registered for version "apiserver.config.k8s.io/v1"'],
  [{ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'WebhookAdmissionConfiguration', kubeConfigFile: 'hooks' }, 'must be an absolute file path'],
  [{ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'WebhookAdmissionConfiguration', file: 'hooks' }, 'unknown field "file"'],
])('and no other file will do: %j', async (configuration, message) => {
  const configurations = await loaded([{ name: 'MutatingAdmissionWebhook', configuration }]);
  expect(() => pluginConfiguration(configurations, 'MutatingAdmissionWebhook', readWebhookConfiguration)).toThrow(message);
});

it('is known to be read by nobody', () => {
  const of = (where: string) => ({ text: '{}', where, directory: '/' });
  const followed = new FollowedConfigurations(new Map([['PodSecurity', of('a')], ['DefaultStorageClass', of('b')]]));
  expect([followed.get('PodSecurity')?.where, followed.get('Priority'), [...followed.unread]]).toEqual(['a', undefined, ['DefaultStorageClass']]);
});
