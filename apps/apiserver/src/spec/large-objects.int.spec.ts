import { eventually } from '@navarch/testing';
import { stringify } from 'yaml';
import { type RestClient, startTestApi, type TestApi } from '../testing';

interface Item { name: string; value: string; count: number }
interface Any { kind: string; code?: number; reason?: string; message: string; details?: { causes?: { field: string }[] }; metadata: { name: string; managedFields?: { manager: string; operation: string }[] }; spec: { items: Item[] } }

const COUNT = 4000;
const bigs = '/apis/example.com/v1/namespaces/default/bigs';
const itemSchema = {
  type: 'object', required: ['name'],
  properties: { name: { type: 'string', maxLength: 30, pattern: '^[a-z0-9-]+$' }, value: { type: 'string' }, count: { type: 'integer' } },
  'x-kubernetes-validations': [{ rule: 'self.count >= 0', message: 'counts are not negative' }],
};
const definition = {
  metadata: { name: 'bigs.example.com' },
  spec: {
    group: 'example.com', scope: 'Namespaced', names: { plural: 'bigs', kind: 'Big' },
    versions: [{
      name: 'v1', served: true, storage: true,
      schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { items: { type: 'array', maxItems: 100_000, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], items: itemSchema } } } } } },
    }],
  },
};
const items = (change: (item: Item) => Item = (item) => item): Item[] => Array.from({ length: COUNT }, (_, i) => change({ name: `item-${i}`, value: `text ${i}`, count: i }));
const big = (name: string, all = items()): object => ({ apiVersion: 'example.com/v1', kind: 'Big', metadata: { name }, spec: { items: all } });
const last = `item-${COUNT - 1}`;
const withLast = (change: Partial<Item>) => (item: Item): Item => (item.name === last ? { ...item, ...change } : item);

/** What other threads do is what this one would do. */
describe('large objects', () => {
  let running: TestApi;
  let api: RestClient;

  beforeAll(async () => {
    running = await startTestApi();
    api = running.api;
    await api.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
    await eventually(async () => (await api.get(bigs)).code === 200);
  }, 60_000);

  afterAll(() => running.stop());

  /** How often threads did something, and how it ended. */
  async function done(work: string, outcome = 'done'): Promise<number> {
    const text = (await api.get('/metrics')).raw.toString();
    return Number(new RegExp(`navarch_apiserver_offloaded_work_duration_seconds_count{work="${work}",outcome="${outcome}"[^}]*} (\\d+)`).exec(text)?.[1] ?? 'NaN');
  }

  it('are applied while others are answered', async () => {
    const order: string[] = [];
    const applied = api.patch<Any>(`${bigs}/applied?fieldManager=one`, 'apply', stringify(big('applied'))).then((answer) => {
      order.push('apply');
      return answer;
    });
    for (let i = 0; i < 20; i++) {
      expect((await api.get('/api/v1/namespaces/default')).code).toBe(200);
      order.push('get');
    }
    const answer = await applied;
    expect(answer.code).toBe(201);
    // A server of one thread would answer all but the first of them after it.
    expect(order.indexOf('apply')).toBe(20);
    expect(answer.body.spec.items).toHaveLength(COUNT);
    expect([await done('decodeYaml'), await done('apply'), await done('validateCustom')]).toEqual([1, 1, 1]);
  }, 60_000);

  it('are applied by several managers, who take nothing from each other', async () => {
    const conflict = await api.patch<Any>(`${bigs}/applied?fieldManager=two`, 'apply', big('applied', items(withLast({ count: 7 }))));
    expect(conflict).toMatchObject({ code: 409, body: { reason: 'Conflict', message: `Apply failed with 1 conflict: conflict with "one": .spec.items[name="${last}"].count` } });
    const forced = await api.patch<Any>(`${bigs}/applied?fieldManager=two&force=true`, 'apply', big('applied', items(withLast({ count: 7 }))));
    expect(forced.body.spec.items.at(-1)).toMatchObject({ name: last, count: 7 });
    const { body } = await api.patch<Any>(`${bigs}/applied?fieldManager=one&force=true`, 'apply', big('applied', []));
    // What the other names too stays.
    expect(body.spec.items).toHaveLength(COUNT);
    expect(await done('apply', 'failed')).toBe(1);
  }, 60_000);

  it('are checked as small ones are', async () => {
    const wrong = (item: Item): Item => withLast({ name: 'UPPER', count: -1 })(item);
    for (const all of [items(wrong), items(wrong).slice(-1)]) {
      const answer = await api.post<Any>(bigs, big('refused', all));
      const at = `spec.items[${all.length - 1}]`;
      expect({ code: answer.code, body: answer.body }).toMatchObject({ code: 422, body: { reason: 'Invalid', details: { causes: [{ field: `${at}.name` }, { field: at }] } } });
    }
  });

  it('are replaced and patched, and remember by whom', async () => {
    const created = await api.post<Any>(`${bigs}?fieldManager=creator`, big('replaced'));
    expect(created).toMatchObject({ code: 201, body: { metadata: { managedFields: [{ manager: 'creator', operation: 'Update' }] } } });
    const before = await done('track');
    const replaced = await api.put<Any>(`${bigs}/replaced?fieldManager=replacer`, { ...created.body, spec: { items: items(withLast({ value: 'new' })) } });
    expect({ code: replaced.code, managers: replaced.body.metadata.managedFields?.map(({ manager }) => manager).sort() }).toEqual({ code: 200, managers: ['creator', 'replacer'] });
    const patched = await api.patch<Any>(`${bigs}/replaced?fieldManager=patcher`, 'json', [{ op: 'replace', path: '/spec/items/0/count', value: 5 }]);
    expect(patched.body.metadata.managedFields?.map(({ manager }) => manager).sort()).toEqual(['creator', 'patcher', 'replacer']);
    expect(patched.body.spec.items[0]).toMatchObject({ count: 5 });
    expect(await api.patch<Any>(`${bigs}/replaced`, 'json', [{ op: 'test', path: '/spec/items/0/count', value: 6 }])).toMatchObject({
      code: 422,
      body: { reason: 'Invalid', message: 'the server rejected our request due to an error in our request' },
    });
    expect([await done('patch'), await done('patch', 'failed')]).toEqual([1, 1]);
    expect(await done('track')).toBe(before + 2);
  }, 60_000);

  it('of YAML that is none are refused as small ones are', async () => {
    const broken = `${stringify(big('broken'))}  : : [`;
    const texts = [broken, `${stringify({ kind: 'Big' })}  : : [`];
    for (const body of texts) {
      for (const [method, path, type] of [['POST', bigs, 'application/yaml'], ['PATCH', `${bigs}/broken?fieldManager=a`, 'application/apply-patch+yaml'], ['DELETE', `${bigs}/applied`, 'application/yaml']] as const) {
        const answer = await api.call<Any>(method, path, { body, headers: { 'Content-Type': type } });
        expect({ method, code: answer.code, reason: answer.body.reason, message: answer.body.message }).toMatchObject({ method, code: 400, reason: 'BadRequest', message: expect.stringContaining('yaml: ') as string });
      }
    }
    expect(await done('decodeYaml', 'failed')).toBe(3);
  }, 60_000);

  it('may be definitions', async () => {
    const properties = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`field${i}`, { type: 'string', description: 'as it says', maxLength: 10 }]));
    const large = (more: object): object => ({
      metadata: { name: 'larges.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'larges', kind: 'Large' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { ...properties, ...more } } } }],
      },
    });
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const refused = await api.post<Any>(path, large({ last: { type: 'nothing' } }));
    expect(refused).toMatchObject({ code: 422, body: { details: { causes: [{ field: 'spec.validation.openAPIV3Schema.properties[last].type' }] } } });
    expect((await api.post(path, large({}))).code).toBe(201);
    expect(await done('checkDefinition')).toBe(2);
  });
});
