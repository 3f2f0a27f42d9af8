import type { RestClient } from '../testing';
import { configMap, maps } from './plain-objects';
import { useTestApi } from './use-test-api';

interface Any { kind: string; metadata: { name: string; resourceVersion: string; continue?: string; remainingItemCount?: number }; items: Any[]; reason?: string; data?: Record<string, string>; details?: Record<string, unknown> }


describe('lists', () => {
  let api: RestClient;

  useTestApi(async (running) => {
    ({ api } = running);
    await api.post(maps, configMap('first', { a: 'b' }));
  });

  const pages = '/api/v1/namespaces/default/secrets';

  beforeAll(async () => {
    await Promise.all(Array.from({ length: 25 }, (_, i) => api.post(pages, { metadata: { name: `s${String(i).padStart(2, '0')}`, labels: { odd: String(i % 2) } } })));
  });

  it('and single objects are answered without parsing what is stored, but once for its labels', async () => {
    await api.get(`${pages}?labelSelector=odd%3D1`);
    const parse = jest.spyOn(JSON, 'parse');
    try {
      const answers = [await api.get(pages), await api.get(`${pages}?labelSelector=odd%3D1`), await api.get(`${pages}/s07`), await api.get(`${pages}?resourceVersion=0`)];
      expect(answers.map(({ code, raw }) => [code, raw.includes('"s07"')])).toEqual(Array(4).fill([200, true]));
      const parsed = parse.mock.calls.map(([text]) => text).filter((text) => text.includes('"s07"'));
      // By this test's own client.
      expect(parsed.map((text) => text.length)).toEqual(answers.map(({ raw }) => raw.length));
    } finally {
      parse.mockRestore();
    }
  });

  it('come in pages of one moment, whatever is written between', async () => {
    const first = await api.get<Any>(`${pages}?limit=10`);
    expect(first.body.items).toHaveLength(10);
    expect(first.body.metadata.remainingItemCount).toBe(15);
    await api.post(pages, { metadata: { name: 's99-late' } });
    await api.delete(`${pages}/s15`);
    const names = first.body.items.map(({ metadata }) => metadata.name);
    let token = first.body.metadata.continue ?? '';
    while (token !== '') {
      const page = await api.get<Any>(`${pages}?limit=10&continue=${token}`);
      expect(page.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
      names.push(...page.body.items.map(({ metadata }) => metadata.name));
      token = page.body.metadata.continue ?? '';
    }
    expect(names).toEqual(Array.from({ length: 25 }, (_, i) => `s${String(i).padStart(2, '0')}`));
  });

  it('of the past are exact', async () => {
    const before = (await api.get<Any>(pages)).body.metadata.resourceVersion;
    await api.post(pages, { metadata: { name: 'after' } });
    const then = await api.get<Any>(`${pages}?resourceVersion=${before}&resourceVersionMatch=Exact`);
    expect(then.body.items.map(({ metadata }) => metadata.name)).not.toContain('after');
    const now = await api.get<Any>(`${pages}?resourceVersion=${before}&resourceVersionMatch=NotOlderThan`);
    expect(now.body.items.map(({ metadata }) => metadata.name)).toContain('after');
  });

  it('of the future are refused after a while', async () => {
    const version = (await api.get<Any>(pages)).body.metadata.resourceVersion;
    const future = await api.get<Any>(`${pages}?resourceVersion=${Number(version) + 1_000_000}`);
    expect(future).toMatchObject({ code: 504, body: { reason: 'Timeout', details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } } });
  }, 10_000);

  it('select by labels and fields, and refuse fields that do not exist', async () => {
    expect((await api.get<Any>(`${pages}?labelSelector=odd%3D1&fieldSelector=metadata.name%3Ds03`)).body.items).toHaveLength(1);
    expect((await api.get<Any>(`${pages}?fieldSelector=type%3DOpaque`)).body.items.length).toBeGreaterThan(20);
    expect(await api.get<Any>(`${maps}?fieldSelector=data%3Dx`)).toMatchObject({ code: 400, body: { reason: 'BadRequest' } });
    expect((await api.get<Any>(`${pages}?labelSelector=%3D%3D`)).code).toBe(400);
  });

  it('are tables or metadata when that is wanted', async () => {
    const table = await api.get<{ kind: string; columnDefinitions: { name: string }[]; rows: { cells: unknown[]; object: Any }[] }>(maps, { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    expect(table.body.kind).toBe('Table');
    expect(table.body.columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Data', 'Age']);
    expect(table.body.rows.find(({ cells }) => cells[0] === 'first')).toMatchObject({ cells: ['first', 1, expect.any(String)], object: { kind: 'PartialObjectMetadata', metadata: { name: 'first' } } });
    const partial = await api.get<Any>(`${maps}/first`, { Accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' });
    expect(partial.body.kind).toBe('PartialObjectMetadata');
    expect(partial.body.data).toBeUndefined();
  });

  it('are compressed when they are large and the client takes that', async () => {
    await Promise.all(Array.from({ length: 4 }, (_, i) => api.post(maps, configMap(`big-${i}`, { a: 'x'.repeat(100_000) }))));
    const plain = await api.get<Any>(maps);
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.body.items.length).toBeGreaterThan(4);
    const zipped = await api.get(maps, { 'Accept-Encoding': 'gzip' });
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(zipped.raw.length).toBeLessThan(plain.raw.length / 10);
  });
});
