import { startTestApi, type TestApi } from '../testing';
import { decodeProtobufBody, encodeProtobuf } from '../codec/protobuf-body';

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const maps = '/api/v1/namespaces/default/configmaps';
const foos = '/apis/example.com/v1/namespaces/default/foos';

const field = (number: number, bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
const text = (number: number, value: string): Buffer => (value === '' ? Buffer.alloc(0) : field(number, Buffer.from(value)));
/** `runtime.Unknown` with what it is and what it holds. */
const envelope = (apiVersion: string, kind: string, raw: readonly number[] | Buffer, more: readonly number[] = []): Buffer =>
  Buffer.concat([Buffer.from('k8s\0'), field(1, Buffer.concat([text(1, apiVersion), text(2, kind)])), field(2, Buffer.from(raw)), Buffer.from(more)]);
const named = field(1, text(1, 'x'));
const map = (raw: readonly number[] | Buffer): Buffer => envelope('v1', 'ConfigMap', raw);
const options = (kind: string): Buffer => encodeProtobuf({ group: '', version: 'v1', kind }, Buffer.from('{"gracePeriodSeconds":0}')) ?? Buffer.alloc(0);

interface Answer { message?: string }

describe('a protobuf body', () => {
  let test: TestApi;

  beforeAll(async () => {
    test = await startTestApi();
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    await test.api.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      metadata: { name: 'foos.example.com' }, spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'foos', kind: 'Foo' }, versions: [{ name: 'v1', served: true, storage: true, schema }] },
    });
    const watch = await test.api.watch('/apis/apiextensions.k8s.io/v1/customresourcedefinitions?watch=true&resourceVersion=0');
    for (;;) if (JSON.stringify((await watch.next()).object).includes('"type":"Established","status":"True"') || (await test.api.get(foos)).code === 200) break;
    watch.stop();
  }, 60_000);

  afterAll(() => test.stop());

  const send = async (method: string, path: string, body: Buffer, type = PROTOBUF): Promise<{ code: number; message: string | undefined }> => {
    const { code, body: answer } = await test.api.call<Answer>(method, path, { body, headers: { 'Content-Type': type } });
    return { code, message: answer.message };
  };

  const unrecognized = (why: string, shown: string): string => `the object provided is unrecognized (must be of type ConfigMap): ${why} (${shown})`;
  const broken = (why: string): string => `ConfigMap in version "v1" cannot be handled as a ConfigMap: ${why}`;

  it.each<[string, Buffer, string]>([
    ['of nothing', Buffer.alloc(0), unrecognized('empty data', '<empty>')],
    ['of its prefix only', Buffer.from('k8s\0'), unrecognized('empty body', '6b387300')],
    ['that is JSON', Buffer.from('{"a":1}'), unrecognized('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]', '{"a":1}')],
    ['whose envelope is cut', map(named).subarray(0, 8), unrecognized('unexpected EOF', '6b3873000a0f0a02')],
    ['of another kind', envelope('v1', 'Secret', named), 'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion'],
    ['of no kind that there is', envelope('v1', 'Nope', named), 'Nope in version "v1" cannot be handled as a ConfigMap: no kind "Nope" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"'],
    ['of no version that there is', envelope('v9', 'ConfigMap', named), 'ConfigMap in version "v9" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v9" in scheme "pkg/api/legacyscheme/scheme.go:30"'],
    ['with a field of another type', map([0x08, 1]), broken('proto: wrong wireType = 0')],
    ['that is cut within', map([0x0a, 0x7f, 1]), broken('unexpected EOF')],
    ['with a length that only looks small', map([0x0a, 0x83, 0x80, 0x80, 0x80, 0x10, 0x0a, 0x01, 0x78]), broken('unexpected EOF')],
    ['with a length below zero', map([0x0a, ...Array<number>(9).fill(0xff), 1]), broken('proto: negative length found during unmarshaling')],
    ['with the end of a group', map([0x0c]), broken('proto: ConfigMap: wiretype end group for non-group')],
    ['with a field of number zero', map([0x02, 0]), broken('proto: ConfigMap: illegal tag 0 (wire type 2)')],
    ['with a field of no type', map([0x3f, 0]), broken('proto: illegal wireType 7')],
    ['with a number beyond 64 bits', map(Buffer.alloc(12, 0xff)), broken('proto: integer overflow')],
  ])('%s is refused', async (_what, body, message) => {
    expect(await send('POST', `${maps}?dryRun=All`, body)).toEqual({ code: 400, message });
  });

  it.each<[string, Buffer]>([
    ['says neither kind nor version', envelope('', '', named)],
    ['says no kind', envelope('v1', '', named)],
    ['says no version', envelope('', 'ConfigMap', named)],
    ['says what is no version', envelope('a/b/c', 'ConfigMap', named)],
    ['says that it is something else', envelope('v1', 'ConfigMap', named, [0x22, 4, ...Buffer.from('text')])],
    ['has fields and groups that nobody knows', map(Buffer.concat([named, Buffer.from([0xf8, 0x07, 1, 0x9b, 0x06, 0x9c, 0x06])]))],
  ])('is taken when it %s', async (_what, body) => {
    expect(await send('POST', `${maps}?dryRun=All&fieldValidation=Strict`, body)).toEqual({ code: 201, message: undefined });
  });

  const json = 'application/json, application/yaml';
  const unknown = (types: string): string => `the body of the request was in an unknown format - accepted media types include: ${types}`;

  it.each<[string, string, string, Buffer, string, number, string]>([
    ['as a patch', 'PATCH', `${maps}/x`, map(named), PROTOBUF, 415, unknown('application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml')],
    ['as a custom resource', 'POST', foos, map(named), PROTOBUF, 415, unknown(json)],
    ['in CBOR', 'POST', maps, map(named), 'application/cbor', 415, unknown(`${json}, ${PROTOBUF}`)],
    ['as options of a deletion', 'DELETE', `${maps}/x`, options('DeleteOptions'), PROTOBUF, 404, 'configmaps "x" not found'],
    ['as options of a custom resource\'s deletion', 'DELETE', `${foos}/x`, options('DeleteOptions'), PROTOBUF, 404, 'foos.example.com "x" not found'],
    ['as options that are none', 'DELETE', `${maps}/x`, map(named), PROTOBUF, 400, 'ConfigMap in version "v1" cannot be handled as a DeleteOptions: converting (v1.ConfigMap) to (core.DeleteOptions): unknown conversion'],
    ['as an eviction that is none', 'POST', '/api/v1/namespaces/default/pods/x/eviction', map(named), PROTOBUF, 400, 'ConfigMap in version "v1" cannot be handled as a Eviction: converting (v1.ConfigMap) to (policy.Eviction): unknown conversion'],
  ])('%s is answered as upstream does', async (_what, method, path, body, type, code, message) => {
    expect(await send(method, path, body, type)).toEqual({ code, message });
  });

  it('is not what custom resources are answered in', async () => {
    const get = async (path: string, accept: string): Promise<number> => (await test.api.get(path, { Accept: accept })).code;
    expect([await get(foos, PROTOBUF), await get(`${foos}?watch=true`, PROTOBUF), await get(foos, `${PROTOBUF},application/json`)]).toEqual([406, 406, 200]);
    // Nor is anything made that could not be answered.
    const refused = await test.api.call<{ message: string }>('POST', foos, { body: { apiVersion: 'example.com/v1', kind: 'Foo', metadata: { name: 'unseen' } }, headers: { Accept: PROTOBUF } });
    expect([refused.code, await get(`${foos}/unseen`, 'application/json')]).toEqual([406, 404]);
  });

  it('is what bare metadata are answered in, of custom resources too', async () => {
    expect((await test.api.post(foos, { apiVersion: 'example.com/v1', kind: 'Foo', metadata: { name: 'seen' } })).code).toBe(201);
    for (const version of ['v1', 'v1beta1']) {
      const accept = `${PROTOBUF};as=PartialObjectMetadata;g=meta.k8s.io;v=${version}`;
      const one = await test.api.get(`${foos}/seen`, { Accept: accept });
      const many = await test.api.get(foos, { Accept: accept.replace('Metadata', 'MetadataList') });
      const { message } = await test.api.firstFrame(`${foos}?watch=true`, accept);
      const seen = { apiVersion: `meta.k8s.io/${version}`, kind: 'PartialObjectMetadata', metadata: { name: 'seen', namespace: 'default' } };
      expect([one.headers['content-type'], decodeProtobufBody(one.raw), decodeProtobufBody(message.subarray(message.indexOf('k8s\0')))]).toMatchObject([PROTOBUF, seen, seen]);
      expect(decodeProtobufBody(many.raw)).toMatchObject({ kind: 'PartialObjectMetadataList', items: [{ metadata: { name: 'seen' } }] });
    }
    const rows = await test.api.get<{ message: string }>(maps, { Accept: `${PROTOBUF};as=Table;g=meta.k8s.io;v=v1` });
    expect([rows.code, rows.body.message]).toEqual([406, `only the following media types are accepted: ${json}, ${PROTOBUF}`]);
  });
});
