import { core, type corev1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { aPod } from '@navarch/testing';
import { applyDefaults } from '../../codec/decode-body';
import { Fields } from '../../config-file/strict-fields';
import type { ObjectWriter } from '../../pipeline';
import { create } from '../../registry/create';
import { RegistryReader } from '../../registry/object-reader';
import { RegistryWriter } from '../../registry/object-writer';
import { anAdmission, refusalOf } from '../../testing/admission-attributes';
import { admit } from '../../testing/admit';
import { memoryRegistry, type MemoryRegistry } from '../../testing/memory-registry';
import { ObjectTable } from '../../testing/object-table';
import { chargeQuotas, type Charge } from './charge';
import { readLimitedResources } from './limited-resources';
import { ResourceQuotaAdmission } from './resource-quota';

const quota = (hard: Record<string, string>, used: Record<string, string>, name = 'team'): corev1.ResourceQuota => ({ metadata: { name, namespace: 'default' }, spec: { hard }, status: { hard, used } });
const pod = (requests: Record<string, string> = {}, name = 'pod'): corev1.Pod => aPod().named(name).with(({ spec }) => (spec.containers = [{ name: 'a', image: 'i', resources: { requests } }])).build();

describe('a charge', () => {
  const charge = (requests: Record<string, string>, old?: corev1.Pod): Charge => ({ of: { group: '', resource: 'pods' }, object: pod(requests), old });

  it.each<{ reason: string; quotas: corev1.ResourceQuota[]; charged: Charge; result: unknown }>([
    { reason: 'adds what is asked', quotas: [quota({ pods: '5', 'requests.cpu': '2' }, { pods: '1', 'requests.cpu': '500m' })], charged: charge({ cpu: '1' }), result: [{ pods: '2', 'requests.cpu': '1500m' }] },
    { reason: 'of an update is what comes on top', quotas: [quota({ 'requests.cpu': '4' }, { 'requests.cpu': '3' })], charged: charge({ cpu: '2' }, pod({ cpu: '1500m' })), result: [{ 'requests.cpu': '3500m' }] },
    { reason: 'of an update that asks for less is none, even above the limit', quotas: [quota({ 'requests.cpu': '1' }, { 'requests.cpu': '3' })], charged: charge({ cpu: '1' }, pod({ cpu: '2' })), result: [] },
    { reason: 'concerns no quota of other things', quotas: [quota({ secrets: '1' }, { secrets: '1' })], charged: charge({ cpu: '1' }), result: [] },
    { reason: 'concerns no quota that was not counted yet', quotas: [{ metadata: { name: 'new' }, spec: { hard: { pods: '0' } } }], charged: charge({}), result: [] },
    { reason: 'that is too high says all of it', quotas: [quota({ pods: '1', 'requests.cpu': '1', 'requests.memory': '9Gi' }, { pods: '1', 'requests.cpu': '500m', 'requests.memory': '0' })], charged: charge({ cpu: '1', memory: '1Gi' }), result: 'exceeded quota: team, requested: pods=1,requests.cpu=1, used: pods=1,requests.cpu=500m, limited: pods=1,requests.cpu=1' },
    { reason: 'needs what is limited to be stated', quotas: [quota({ 'requests.memory': '1Gi' }, { 'requests.memory': '0' })], charged: charge({ cpu: '1' }), result: 'failed quota: team: must specify requests.memory for: a' },
    { reason: 'waits for the count', quotas: [quota({ pods: '1' }, {})], charged: charge({}), result: 'status unknown for quota: team, resources: pods' },
    { reason: 'is of all quotas or none', quotas: [quota({ pods: '9' }, { pods: '1' }), quota({ pods: '1' }, { pods: '1' }, 'small')], charged: charge({}), result: 'exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1' },
  ])('$reason', ({ quotas, charged, result }) => {
    const before = structuredClone(quotas);
    const found = chargeQuotas(quotas, charged, 0);
    expect('changed' in found ? found.changed.map(({ status }) => status?.used) : Object.values(found)[0]).toEqual(result);
    expect(quotas).toEqual(before);
  });
});

describe('what is limited by configuration', () => {
  const limited = readLimitedResources(Fields.of('', {
    apiVersion: 'apiserver.config.k8s.io/v1', kind: 'ResourceQuotaConfiguration',
    limitedResources: [
      { resource: 'pods', matchContains: ['requests.cpu', 'memory'], matchScopes: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high', 'top'] }] },
      { apiGroup: 'apps', resource: 'deployments', matchContains: ['count/'] },
    ],
  }));
  const high = (requests: Record<string, string> = {}): corev1.Pod => aPod().named('pod').with(({ spec }) => Object.assign(spec, { priorityClassName: 'high', containers: [{ name: 'a', image: 'i', resources: { requests } }] })).build();
  const scoped: corev1.ResourceQuota = { ...quota({ pods: '5' }, { pods: '0' }), spec: { hard: { pods: '5' }, scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] } } };
  const pods = { group: '', resource: 'pods' };

  it.each<{ reason: string; quotas?: corev1.ResourceQuota[]; charged: Charge; result: unknown }>([
    { reason: 'is refused where there is no quota at all', charged: { of: pods, object: pod({ cpu: '1', memory: '1Gi' }), old: undefined }, result: { refused: 'insufficient quota to consume: memory,requests.cpu,requests.memory' } },
    { reason: 'is refused where quotas speak of other things', quotas: [quota({ pods: '5' }, { pods: '0' })], charged: { of: pods, object: pod({ cpu: '1' }), old: undefined }, result: { refused: 'insufficient quota to consume: requests.cpu' } },
    { reason: 'is not asked of what uses none of it', charged: { of: pods, object: pod(), old: undefined }, result: { changed: [] } },
    { reason: 'is not asked of an update that takes no more', charged: { of: pods, object: pod({ cpu: '1' }), old: pod({ cpu: '1' }) }, result: { changed: [] } },
    { reason: 'is asked of an update that takes more', charged: { of: pods, object: pod({ cpu: '2' }), old: pod({ cpu: '1' }) }, result: { refused: 'insufficient quota to consume: requests.cpu' } },
    { reason: 'goes by group and resource', charged: { of: { group: 'apps', resource: 'deployments' }, object: { metadata: { name: 'd' } }, old: undefined }, result: { refused: 'insufficient quota to consume: count/deployments.apps' } },
    { reason: 'leaves the same name of another group alone', charged: { of: { group: 'example.com', resource: 'deployments' }, object: { metadata: { name: 'd' } }, old: undefined }, result: { changed: [] } },
    { reason: 'names scopes that no quota has', charged: { of: pods, object: high(), old: undefined }, result: { uncovered: 'insufficient quota to match these scopes: [{PriorityClass In [high top]}]' } },
  ])('$reason', ({ quotas = [], charged, result }) => {
    expect(chargeQuotas(quotas, charged, 0, limited)).toEqual(result);
  });

  it('is let in by quotas that cover it, which are charged', () => {
    const cpu = quota({ 'requests.cpu': '2' }, { 'requests.cpu': '0' }, 'cpu');
    const found = chargeQuotas([scoped, cpu], { of: pods, object: high({ cpu: '1' }), old: undefined }, 0, limited);
    expect('changed' in found && found.changed.map(({ status }) => status?.used)).toEqual([{ pods: '1' }, { 'requests.cpu': '1' }]);
  });

  it('is told by the plug-in: 403 for names, a bare 500 for scopes, also on a dry run', async () => {
    const plugin = new ResourceQuotaAdmission({ reader: new ObjectTable(), writer: new ObjectTable().writer, clock: new FakeClock(), log: silentLogger, limited });
    expect(await admit(plugin, anAdmission(pod({ cpu: '1' }, 'p')))).toBe('pods "p" is forbidden: insufficient quota to consume: requests.cpu');
    await expect(plugin.validate(anAdmission(high(), { dryRun: true }))).rejects.toMatchObject({ code: 500, message: 'insufficient quota to match these scopes: [{PriorityClass In [high top]}]' });
  });

  it.each([
    [{ apiVersion: 'v1', kind: 'ResourceQuotaConfiguration' }, 'no kind "ResourceQuotaConfiguration" is registered for version "v1"'],
    [{ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'ResourceQuotaConfiguration', limitedResources: [{}] }, 'limitedResources[0].resource: Required value'],
    [{ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'ResourceQuotaConfiguration', limitedResources: [{ resource: 'pods', match: [] }] }, 'unknown field "limitedResources[0].match"'],
  ])('is refused as configuration: %j', (content, says) => {
    expect(() => readLimitedResources(Fields.of('', content))).toThrow(says);
  });
});

it('an update that comes under a quota is charged to it whole', () => {
  const best: corev1.ResourceQuota = { ...quota({ pods: '5' }, { pods: '0' }), spec: { hard: { pods: '5' }, scopes: ['NotBestEffort'] } };
  const found = chargeQuotas([best], { of: { group: '', resource: 'pods' }, object: pod({ cpu: '1' }), old: pod() }, 0);
  expect('changed' in found && found.changed[0]?.status?.used).toEqual({ pods: '1' });
});

describe('the plug-in', () => {
  const over = (table: ObjectTable, writer: ObjectWriter = table.writer): ResourceQuotaAdmission => new ResourceQuotaAdmission({ reader: table, writer, clock: new FakeClock(), log: silentLogger, limited: [] });
  const used = (table: ObjectTable): Record<string, string> | undefined => table.get(core.resourcequotas, 'default', 'team')?.status?.used;

  it('charges writes that come together one after the other', async () => {
    const table = new ObjectTable().put(core.resourcequotas, quota({ pods: '3' }, { pods: '1' }));
    const plugin = over(table);
    const refusals = await Promise.all(['a', 'b', 'c', 'd'].map((name) => admit(plugin, anAdmission(pod({}, name)))));
    expect(refusals.filter((refusal) => refusal === '')).toHaveLength(2);
    expect(refusals[3]).toBe('pods "d" is forbidden: exceeded quota: team, requested: pods=1, used: pods=3, limited: pods=3');
    expect(used(table)).toEqual({ pods: '3' });
  });

  it('only asks on a dry run', async () => {
    const table = new ObjectTable().put(core.resourcequotas, quota({ pods: '2' }, { pods: '1' }));
    expect(await admit(over(table), anAdmission(pod(), { dryRun: true }))).toBe('');
    expect(used(table)).toEqual({ pods: '1' });
  });

  it.each([
    { reason: 'a change of a pod', over: { operation: 'UPDATE' as const } },
    { reason: 'a delete', over: { operation: 'DELETE' as const } },
    { reason: 'a subresource', over: { subresource: 'eviction' } },
    { reason: 'what lies in no namespace', over: { namespaced: false, namespace: '' } },
  ])('does not look at $reason', async ({ over: attributes }) => {
    expect(await admit(over(new ObjectTable()), anAdmission(pod(), attributes))).toBe('not handled');
  });

  describe('charges a claim', () => {
    const claim = (allocated: string, attributes: string): corev1.PersistentVolumeClaim => ({
      metadata: { name: 'c', namespace: 'default' }, spec: { volumeAttributesClassName: 'gold', resources: { requests: { storage: '1Gi' } } },
      status: { currentVolumeAttributesClassName: attributes, allocatedResources: { storage: allocated } },
    });
    const status = (before: corev1.PersistentVolumeClaim, after: corev1.PersistentVolumeClaim) => anAdmission(after, { resource: 'persistentvolumeclaims', operation: 'UPDATE', subresource: 'status', oldObject: before });

    it('for what its status says is reserved, even above the limit', async () => {
      const table = new ObjectTable().put(core.resourcequotas, quota({ 'requests.storage': '1Gi' }, { 'requests.storage': '1Gi' }));
      expect(await admit(over(table), status(claim('1Gi', 'gold'), claim('3Gi', 'gold')))).toBe('');
      expect(used(table)).toEqual({ 'requests.storage': '3Gi' });
    });

    it('for the attributes that its status says it has', async () => {
      const silver = { scopeSelector: { matchExpressions: [{ scopeName: 'VolumeAttributesClass', operator: 'In', values: ['silver'] }] } };
      const table = new ObjectTable().put(core.resourcequotas, { ...quota({ persistentvolumeclaims: '0' }, { persistentvolumeclaims: '0' }), spec: { hard: { persistentvolumeclaims: '0' }, ...silver } });
      expect(await admit(over(table), status(claim('1Gi', 'gold'), claim('1Gi', 'silver')))).toBe('');
      expect(used(table)).toEqual({ persistentvolumeclaims: '1' });
    });
  });

  it('charges a pod that gets a deadline to the quotas of those', async () => {
    const table = new ObjectTable().put(core.resourcequotas, { ...quota({ pods: '1' }, { pods: '1' }), spec: { hard: { pods: '1' }, scopes: ['Terminating'] } });
    const ending = { ...pod({}), spec: { ...pod({}).spec, activeDeadlineSeconds: 5 } } as corev1.Pod;
    expect(await admit(over(table), anAdmission(ending, { operation: 'UPDATE', oldObject: pod({}) }))).toContain('exceeded quota: team, requested: pods=1, used: pods=1, limited: pods=1');
  });

  it('charges a Service that becomes a load balancer', async () => {
    const table = new ObjectTable().put(core.resourcequotas, quota({ 'services.loadbalancers': '0' }, { 'services.loadbalancers': '0' }));
    const service = (type: string): corev1.Service => ({ metadata: { name: 's', namespace: 'default' }, spec: { type, ports: [{ port: 1 }] } });
    const change = anAdmission(service('LoadBalancer'), { resource: 'services', operation: 'UPDATE', oldObject: service('ClusterIP') });
    expect(await admit(over(table), change)).toContain('exceeded quota: team, requested: services.loadbalancers=1, used: services.loadbalancers=0, limited: services.loadbalancers=0');
  });
});

describe('over a registry', () => {
  let registry: MemoryRegistry;
  beforeEach(async () => {
    registry = await memoryRegistry();
    await new RegistryWriter(registry.registry).create(core.namespaces, { metadata: { name: 'default' } });
  });
  afterEach(() => registry.stop());

  const setUp = async (hard: Record<string, string>, usage: Record<string, string>): Promise<RegistryWriter> => {
    const writer = new RegistryWriter(registry.registry);
    const made = await writer.create(core.resourcequotas, quota(hard, {}));
    await writer.update(core.resourcequotas, { ...made, status: { hard, used: usage } }, 'status');
    return writer;
  };
  const pluginWith = (writer: ObjectWriter): ResourceQuotaAdmission => new ResourceQuotaAdmission({ reader: new RegistryReader(registry.registry), writer, clock: new FakeClock(), log: silentLogger, limited: [] });
  const usedNow = async (writer: ObjectWriter): Promise<string | undefined> => (await writer.get(core.resourcequotas, 'default', 'team'))?.status?.used?.['pods'];
  const make = (name: string): Promise<string> => {
    const pods = registry.registry.storeOf(core.pods);
    const object: corev1.Pod = pod({}, name);
    applyDefaults(object, core.pods);
    return refusalOf(async () => {
      await create(pods, object, registry.context);
    });
  };

  it('two apiservers never give the same share twice', async () => {
    const writer = await setUp({ pods: '5' }, { pods: '0' });
    const [one, other] = [pluginWith(writer), pluginWith(writer)];
    const names = Array.from({ length: 12 }, (_, i) => `p${i}`);
    const refusals = await Promise.all(names.map((name, i) => admit(i % 2 === 0 ? one : other, anAdmission(pod({}, name)))));
    expect(refusals.filter((refusal) => refusal === '')).toHaveLength(5);
    expect(await usedNow(writer)).toBe('5');
  });

  it('gives back what a write took that failed after all', async () => {
    const writer = await setUp({ pods: '5' }, { pods: '0' });
    const refunded = new Promise<void>((resolve) => {
      const counting: ObjectWriter = {
        get: (type, namespace, name) => writer.get(type, namespace, name), create: (type, object) => writer.create(type, object), delete: (type, namespace, name) => writer.delete(type, namespace, name),
        update: async (type, object, subresource) => {
          const result = await writer.update(type, object, subresource);
          if ((object as corev1.ResourceQuota).status?.used?.['pods'] === '1' && ++seen === 2) resolve();
          return result;
        },
      };
      registry.admission.install([pluginWith(counting)]);
    });
    let seen = 0;
    expect(await make('a')).toBe('');
    expect(await make('a')).toBe('pods "a" already exists');
    await refunded;
    expect(await usedNow(writer)).toBe('1');
  });
});
