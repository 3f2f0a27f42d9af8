import { conformToType, DecodeError, type JsonObject } from '@navarch/apimachinery';
import fc from 'fast-check';
import { schemaCatalog } from '../codec/catalog';
import { decodeProtobufBody, encodeProtobuf } from '../codec/protobuf-body';
import { type RestClient, startTestApi, type TestApi } from '../testing';
import { isServersOwn, keyOf, pathOf, sampleOf, storedResources } from '../testing/sample-resource';
import { ofStruct } from './arbitrary-object';

interface Object_ { kind: string; code?: number; message?: string; details?: { causes?: { field?: string; message: string }[] }; metadata: Record<string, unknown> & { name: string; uid?: string }; items?: Object_[] }

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const asTable = ';as=Table;v=v1;g=meta.k8s.io';
const RUNS = 4;
const binary = (body: Buffer): { body: Buffer; headers: Record<string, string> } => ({ body, headers: { 'Content-Type': PROTOBUF, Accept: PROTOBUF } });
// Those of custom resources and of other API servers come from JSON only.
const writable = storedResources.filter((facts) => !isServersOwn(facts));

/** What a Status complains about; members of maps come in another order on the wire. */
function complaints({ message, details }: Object_): unknown {
  const causes = details?.causes;
  return causes ? causes.map(({ field = '', message: text }) => `${field}: ${text}`).sort() : message;
}

/** Without what differs each time: who, when, and what the server chose. */
function settled(object: Object_): unknown {
  const copy = structuredClone(object) as unknown as { metadata?: Record<string, unknown>; spec?: Record<string, unknown> } & Record<string, unknown>;
  for (const field of ['uid', 'creationTimestamp', 'managedFields', 'resourceVersion']) delete copy.metadata?.[field];
  // Addresses and ports are another choice each time; labels and selectors of a Job are made of its uid.
  return JSON.parse(JSON.stringify(copy).replaceAll(object.metadata.uid ?? '\0', 'UID').replace(/"(clusterIPs?|nodePort|healthCheckNodePort)":("[^"]*"|\[[^\]]*\]|\d+)/g, '"$1":0'));
}

describe('in protobuf', () => {
  let running: TestApi;
  let api: RestClient;

  beforeAll(async () => {
    // Else the server itself writes the status of flow schemas, between a test's requests.
    running = await startTestApi(['--enable-priority-and-fairness=false']);
    api = running.api;
  }, 60_000);

  afterAll(() => running.stop());

  const read = (raw: Buffer): Object_ => decodeProtobufBody(raw) as unknown as Object_;

  it.each(writable.map((facts) => [keyOf(facts), facts] as const))('%s are written, read, listed and watched as in JSON', async (_key, facts) => {
    const path = pathOf(facts);
    const { group, version, kind, resource } = facts;
    const { metadata: { name }, ...rest } = sampleOf(facts, 1);
    const selected = `${path}?labelSelector=suite%3D${resource}`;
    const before = await api.get<Object_>(selected);
    expect(before.body.items).toEqual([]);
    const fromNothing = await api.watchAs(`${selected}&watch=true&resourceVersion=0`, `${PROTOBUF};stream=watch`);
    expect(fromNothing.code).toBe(200);
    fromNothing.stop();

    const sample = { ...rest, metadata: { name, labels: { suite: resource }, annotations: { text: 'é"\n' } } } as unknown as JsonObject;
    const type = schemaCatalog().typeOfKind(group, version, kind);
    if (type) conformToType(sample, type);
    const created = await api.call('POST', path, binary(encodeProtobuf({ group, version, kind }, Buffer.from(JSON.stringify(sample))) ?? Buffer.alloc(0)));
    expect({ code: created.code, type: created.headers['content-type'] }).toEqual({ code: 201, type: PROTOBUF });
    const json = await api.get<Object_>(`${path}/${name}`);
    expect(read(created.raw)).toEqual(json.body);
    const again = await api.call('GET', `${path}/${name}`, { headers: { Accept: PROTOBUF } });
    expect(read(again.raw)).toEqual(json.body);

    const list = await api.call('GET', selected, { headers: { Accept: PROTOBUF } });
    const { items: [item] = [] } = read(list.raw);
    expect({ type: list.headers['content-type'], kind: read(list.raw).kind, item }).toEqual({ type: PROTOBUF, kind: `${kind}List`, item: { ...json.body, kind: undefined, apiVersion: undefined } });

    const put = await api.call('PUT', `${path}/${name}`, binary(again.raw));
    expect({ code: put.code, body: read(put.raw) }).toEqual({ code: 200, body: json.body });

    const { type: streamed, message } = await api.firstFrame(`${selected}&watch=true`, `${PROTOBUF};stream=watch`);
    expect(streamed).toBe(`${PROTOBUF};stream=watch`);
    expect(read(message.subarray(message.indexOf('k8s\0')))).toEqual(json.body);

    const table = await api.call<Object_>('GET', `${path}/${name}`, { headers: { Accept: `${PROTOBUF}${asTable},application/json${asTable}` } });
    expect({ type: table.headers['content-type'], kind: table.body.kind }).toEqual({ type: 'application/json', kind: 'Table' });
    const gone = await api.call('DELETE', `${path}/${name}?gracePeriodSeconds=0`, { headers: { Accept: PROTOBUF } });
    expect(gone.code).toBe(200);
  });

  it.each(writable.map((facts) => [keyOf(facts), facts] as const))('whatever object of %s is, it is taken or refused as in JSON', async (_key, facts) => {
    const { group, version, kind } = facts;
    const type = schemaCatalog().typeOfKind(group, version, kind);
    if (!type) throw new Error(`no type of ${kind}`);
    const path = `${pathOf(facts)}?dryRun=All`;
    await fc.assert(
      fc.asyncProperty(ofStruct(type, 0), async (parts) => {
        const object = { ...structuredClone(parts), metadata: { name: 'any' } };
        try {
          conformToType(object, type);
        } catch (error) {
          // What has no place in the type has none on the wire.
          if (error instanceof DecodeError) return;
          throw error;
        }
        const text = JSON.stringify(object, (_name, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
        const plain = await api.call<Object_>('POST', path, { body: text });
        const wire = await api.call('POST', path, binary(encodeProtobuf({ group, version, kind }, Buffer.from(text)) ?? Buffer.alloc(0)));
        const answer = read(wire.raw);
        expect(wire.code).toBe(plain.code);
        if (plain.code === 201) expect(settled(answer)).toEqual(settled(plain.body));
        else expect(complaints(answer)).toEqual(complaints(plain.body));
      }),
      { numRuns: RUNS, seed: 7 },
    );
  });
});
