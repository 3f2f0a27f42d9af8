import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { isAlreadyExists, isConflict, isNotFound } from '@navarch/apimachinery';
import { objectv1 } from '@navarch/proto';
import { toApiError, type ServiceClient } from '@navarch/rpc';
import type { ContractCase } from '../contract-case';

export interface ObjectServiceSubject {
  /** Called as somebody who may do everything with ConfigMaps in `namespace`. */
  readonly objects: ServiceClient<typeof objectv1.ObjectServiceService>;
  readonly namespace: string;
}

interface Stored {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly data?: Readonly<Record<string, string>>;
}

const resource: objectv1.ResourceKey = { group: '', version: 'v1', resource: 'configmaps' };
const { ADDED, MODIFIED, DELETED, BOOKMARK } = objectv1.EventType;
const parse = (object: Buffer): Stored => JSON.parse(object.toString()) as Stored;
const body = (name: string, value: string, version?: string): Buffer =>
  Buffer.from(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...(version === undefined ? {} : { resourceVersion: version }) }, data: { value } }));

/** One object for one case, gone afterwards. */
async function withObject(subject: ObjectServiceSubject, use: (stored: Stored, key: objectv1.ObjectKey) => Promise<void>): Promise<void> {
  const key: objectv1.ObjectKey = { resource, namespace: subject.namespace, name: `contract-${randomUUID().slice(0, 8)}` };
  const created = await subject.objects.create({ key, subresource: '', object: body(key.name, 'first'), options: undefined });
  try {
    await use(parse(created.object), key);
  } finally {
    await subject.objects.delete({ key, options: Buffer.alloc(0) }).catch(() => undefined); // the case may have deleted it
  }
}

/** The call fails, and with what a Kubernetes Status says of it. */
const refused = async (call: Promise<unknown>, as: (error: unknown) => boolean): Promise<void> =>
  assert.rejects(call, (error: unknown) => {
    const failure = toApiError(error);
    assert.ok(as(failure), `refused otherwise: ${String(failure)}`);
    return true;
  });

/** What every client of the object service relies on. */
export const objectServiceContract: readonly ContractCase<ObjectServiceSubject>[] = [
  {
    name: 'answers a create with what was stored, under a version, and reads the same',
    run: (subject) =>
      withObject(subject, async (stored, key) => {
        assert.match(stored.metadata.resourceVersion, /^[1-9]\d*$/);
        assert.notEqual(stored.metadata.uid, '');
        const { object } = await subject.objects.get({ key, subresource: '', notOlderThan: 0n });
        assert.deepEqual(parse(object), stored);
      }),
  },
  {
    name: 'raises the version with every change',
    run: (subject) =>
      withObject(subject, async (stored, key) => {
        const { object } = await subject.objects.update({ key, subresource: '', object: body(key.name, 'second', stored.metadata.resourceVersion), options: undefined });
        assert.ok(BigInt(parse(object).metadata.resourceVersion) > BigInt(stored.metadata.resourceVersion));
      }),
  },
  {
    name: 'refuses an update that was made for an older version',
    run: (subject) =>
      withObject(subject, async (stored, key) => {
        await subject.objects.update({ key, subresource: '', object: body(key.name, 'second', stored.metadata.resourceVersion), options: undefined });
        await refused(subject.objects.update({ key, subresource: '', object: body(key.name, 'third', stored.metadata.resourceVersion), options: undefined }), isConflict);
      }),
  },
  {
    name: 'refuses a second object of the same name, and says what is not there',
    run: (subject) =>
      withObject(subject, async (_, key) => {
        await refused(subject.objects.create({ key, subresource: '', object: body(key.name, 'again'), options: undefined }), isAlreadyExists);
        await refused(subject.objects.get({ key: { ...key, name: 'contract-nobody' }, subresource: '', notOlderThan: 0n }), isNotFound);
      }),
  },
  {
    name: 'writes nothing in a dry run',
    run: (subject) =>
      withObject(subject, async (stored, key) => {
        const patch = Buffer.from('{"data":{"value":"dry"}}');
        const { object } = await subject.objects.patch({ key, subresource: '', type: objectv1.PatchType.MERGE, patch, options: { fieldManager: 'contract', dryRun: true }, force: false });
        assert.equal(parse(object).data?.['value'], 'dry');
        assert.deepEqual(parse((await subject.objects.get({ key, subresource: '', notOlderThan: 0n })).object), stored);
      }),
  },
  {
    name: 'gives a snapshot that is true at one version and holds what was written before it',
    run: (subject) =>
      withObject(subject, async (stored) => {
        const versions = new Set<bigint>();
        const names: string[] = [];
        for await (const frame of subject.objects.snapshot({
          class: { resource, node: '' },
          namespace: subject.namespace,
          labelSelector: '',
          fieldSelector: '',
          notOlderThan: BigInt(stored.metadata.resourceVersion),
        })) {
          versions.add(frame.resourceVersion);
          names.push(...frame.objects.map((object) => parse(object).metadata.name));
        }
        assert.equal(versions.size, 1);
        assert.ok(names.includes(stored.metadata.name));
        assert.ok([...versions].every((version) => version >= BigInt(stored.metadata.resourceVersion)));
      }),
  },
  {
    name: 'tells a watch of every change after its version, in order, and of the end of what it missed by a bookmark',
    run: (subject) =>
      withObject(subject, async (stored, key) => {
        const { object } = await subject.objects.update({ key, subresource: '', object: body(key.name, 'second', stored.metadata.resourceVersion), options: undefined });
        await subject.objects.delete({ key, options: Buffer.alloc(0) });
        const stop = new AbortController();
        const events: objectv1.WatchEvent[] = [];
        const seen = subject.objects.watch(
          { class: { resource, node: '' }, namespace: subject.namespace, labelSelector: '', fieldSelector: `metadata.name=${key.name}`, resourceVersion: BigInt(stored.metadata.resourceVersion) - 1n },
          { signal: stop.signal },
        );
        for await (const frame of seen) {
          events.push(...frame.events);
          if (events.some(({ type }) => type === BOOKMARK)) break;
        }
        stop.abort();
        const changes = events.filter(({ type }) => type !== BOOKMARK);
        assert.deepEqual(changes.map(({ type }) => type), [ADDED, MODIFIED, DELETED]);
        assert.equal(changes[1]?.resourceVersion, BigInt(parse(object).metadata.resourceVersion));
        const versions = events.map(({ resourceVersion }) => resourceVersion);
        assert.deepEqual(versions, [...versions].sort((a, b) => Number(a - b)));
      }),
  },
  {
    name: 'answers each write of a stream under its id, and a refused one with a Status, while its neighbours go on',
    run: (subject) =>
      withObject(subject, async (stored, key) => {
        const patch = (value: string, name = key.name): objectv1.PatchRequest => ({
          key: { ...key, name }, subresource: '', type: objectv1.PatchType.MERGE, patch: Buffer.from(JSON.stringify({ data: { value } })), options: undefined, force: false,
        });
        async function* frames(): AsyncGenerator<objectv1.WriteRequest> {
          yield await Promise.resolve({
            items: [
              { id: 7n, operation: { $case: 'patch', value: patch('seven') } },
              { id: 8n, operation: { $case: 'patch', value: patch('eight', 'contract-nobody') } },
              { id: 9n, operation: { $case: 'patch', value: patch('nine') } },
            ],
          });
        }
        const results = new Map<bigint, objectv1.WriteResult>();
        for await (const { results: some } of subject.objects.write(frames())) for (const result of some) results.set(result.id, result);
        assert.deepEqual([...results.keys()].sort(), [7n, 8n, 9n]);
        assert.deepEqual([7n, 8n, 9n].map((id) => results.get(id)?.outcome?.$case), ['object', 'status', 'object']);
        const last = parse((await subject.objects.get({ key, subresource: '', notOlderThan: 0n })).object);
        assert.ok(['seven', 'nine'].includes(last.data?.['value'] ?? ''));
        assert.equal(last.metadata.uid, stored.metadata.uid);
      }),
  },
];
