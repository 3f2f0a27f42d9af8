import { allResources } from '@navarch/api';
import { isJsonObject, type JsonValue } from '@navarch/apimachinery';
import fc from 'fast-check';
import { schemaCatalog } from '../codec/catalog';
import { type RestClient, startTestApi, type TestApi } from '../testing';
import { ofStruct } from './arbitrary-object';

interface Status { code?: number; reason?: string; message?: string }

const RUNS = 12;
describe('an object of whatever content', () => {
  let running: TestApi;
  let api: RestClient;

  beforeAll(async () => {
    running = await startTestApi();
    api = running.api;
  }, 60_000);

  afterAll(() => running.stop());

  const creatable = [...allResources()].filter(({ servedByDefault, verbs }) => servedByDefault && verbs.includes('create'));

  it.each(
    creatable.map(
      ({ group, version, resource, kind, namespaced }) => [`${group}/${version}/${resource}`, { group, version, resource, kind, namespaced }] as const,
    ),
  )('of %s is taken or refused, and never breaks anything', async (_name, { group, version, resource, kind, namespaced }) => {
    const type = schemaCatalog().typeOfKind(group, version, kind);
    if (!type) throw new Error(`no type of ${kind}`);
    const path = `${group === '' ? '/api' : `/apis/${group}`}/${version}/${namespaced ? 'namespaces/default/' : ''}${resource}?dryRun=All`;
    await fc.assert(
      fc.asyncProperty(ofStruct(type, 0), async (object) => {
        const { code, body } = await api.post<Status>(path, { ...object, metadata: { name: 'any' } });
        if (code >= 500) throw new Error(`${code}: ${body.message ?? ''}`);
      }),
      { numRuns: RUNS, seed: 1 },
    );
  });

  it.each([
    ['merge', { metadata: null }], ['json', [{ op: 'replace', path: '', value: {} }]], ['json', [{ op: 'move', path: '', from: '/data' }]],
    ['strategic', { $patch: 'replace' }], ['strategic', { metadata: null }], ['merge', []], ['json', {}], ['strategic', 'x'], ['apply', []], ['apply', { metadata: { name: 1 } }],
  ] as const)('in a %s patch (%j) neither', async (type, patch) => {
    await api.post('/api/v1/namespaces/default/configmaps', { metadata: { name: 'patched' }, data: { a: '1' } });
    const { code, body } = await api.patch<Status>('/api/v1/namespaces/default/configmaps/patched?fieldManager=me', type, patch);
    expect(code).toBeGreaterThanOrEqual(400);
    expect(body.message).not.toContain('Internal error');
    expect(isJsonObject(body as unknown as JsonValue)).toBe(true);
  });
});
