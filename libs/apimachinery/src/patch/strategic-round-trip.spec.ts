import fc from 'fast-check';
import { equalJson, getMember, isJsonObject, type JsonObject, type JsonValue } from '../json';
import { type SchemaType } from '../schema';
import { typeOfKind } from '../testing/built-in-tables';
import { applyMergePatch, applyStrategicMergePatch } from '.';

const deployment = typeOfKind('apps/v1/Deployment');

/** What a client sends to make one object of the other: as kubectl does, by merge keys and directives. */
function strategicDiff(from: JsonObject, to: JsonObject, type: SchemaType | undefined): JsonObject {
  const patch: JsonObject = {};
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [before, after] = [getMember(from, name), getMember(to, name)];
    if (equalJson(before ?? null, after ?? null)) continue;
    const field = type?.kind === 'struct' ? type.fields.get(name) : undefined;
    const merges = field?.patchStrategy.includes('merge') ?? false;
    if (after === undefined) patch[name] = null;
    else if (isJsonObject(before) && isJsonObject(after)) patch[name] = strategicDiff(before, after, field?.type);
    else if (Array.isArray(before) && Array.isArray(after) && merges && field) Object.assign(patch, listDiff(name, before, after, field.patchMergeKey, field.type));
    else patch[name] = after;
  }
  return patch;
}

function listDiff(name: string, before: readonly JsonValue[], after: readonly JsonValue[], mergeKey: string | undefined, type: SchemaType): JsonObject {
  if (mergeKey === undefined) {
    return {
      [name]: after.filter((item) => !before.includes(item)), [`$setElementOrder/${name}`]: [...after],
      [`$deleteFromPrimitiveList/${name}`]: before.filter((item) => !after.includes(item)),
    };
  }
  const key = (item: JsonValue): JsonValue => (item as JsonObject)[mergeKey] ?? null;
  const items = type.kind === 'list' ? type.items : undefined;
  const changes: JsonValue[] = [];
  for (const item of after) {
    const old = before.find((each) => key(each) === key(item));
    const diff = old === undefined ? (item as JsonObject) : strategicDiff(old as JsonObject, item as JsonObject, items);
    if (Object.keys(diff).length > 0) changes.push({ ...diff, [mergeKey]: key(item) });
  }
  for (const item of before) if (!after.some((each) => key(each) === key(item))) changes.push({ $patch: 'delete', [mergeKey]: key(item) });
  return { [name]: changes, [`$setElementOrder/${name}`]: after.map((item) => ({ [mergeKey]: key(item) })) };
}

const word = fc.constantFrom('a', 'b', 'c', 'd');
const labels = fc.dictionary(word, word, { maxKeys: 3 });
const named = (more: Record<string, fc.Arbitrary<unknown>>) => fc.uniqueArray(fc.record({ name: word, ...more }), { selector: (each) => each.name, maxLength: 4 });
const container = {
  image: word, command: fc.array(word, { maxLength: 2 }), env: named({ value: word }),
  ports: fc.uniqueArray(fc.record({ containerPort: fc.integer({ min: 1, max: 4 }), name: word }), { selector: (each) => each.containerPort, maxLength: 3 }),
  volumeMounts: fc.uniqueArray(fc.record({ mountPath: word, name: word }), { selector: (each) => each.mountPath, maxLength: 3 }),
};
const object = fc.record({
  metadata: fc.record({ name: fc.constant('x'), labels, finalizers: fc.uniqueArray(word, { maxLength: 3 }) }),
  spec: fc.record({
    replicas: fc.nat(3), selector: fc.record({ matchLabels: labels }),
    template: fc.record({ spec: fc.record({ containers: named(container), nodeSelector: labels, tolerations: fc.array(fc.record({ key: word }), { maxLength: 2 }) }) }),
  }),
}) as fc.Arbitrary<JsonObject>;

/** Null and absent say the same; so do an empty list of a merge and none. */
function tidied(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(tidied);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null && !(Array.isArray(item) && item.length === 0)).map(([name, item]) => [name, tidied(item)]));
}

describe('a strategic merge patch made of two objects', () => {
  it('makes the second of the first', () => {
    fc.assert(fc.property(object, object, (from, to) => {
      const patch = strategicDiff(from, to, deployment);
      expect(tidied(applyStrategicMergePatch(from, patch, deployment))).toEqual(tidied(to));
    }), { numRuns: 400 });
  });

  it('changes nothing the second time', () => {
    fc.assert(fc.property(object, object, (from, to) => {
      const patch = strategicDiff(from, to, deployment);
      const once = applyStrategicMergePatch(from, patch, deployment);
      expect(tidied(applyStrategicMergePatch(once, patch, deployment))).toEqual(tidied(once));
    }), { numRuns: 200 });
  });

  it('keeps what somebody else has added meanwhile', () => {
    fc.assert(fc.property(object, object, (from, to) => {
      const patch = strategicDiff(from, to, deployment);
      const theirs = applyStrategicMergePatch(from, { metadata: { annotations: { theirs: 'kept' } }, spec: { template: { spec: { initContainers: [{ name: 'theirs' }] } } } }, deployment);
      expect(applyStrategicMergePatch(theirs, patch, deployment)).toMatchObject({ metadata: { annotations: { theirs: 'kept' } }, spec: { template: { spec: { initContainers: [{ name: 'theirs' }] } } } });
    }), { numRuns: 100 });
  });

  it('of whatever form is taken, or refused by a status of upstream, and leaves the document alone', () => {
    const directive = fc.constantFrom<JsonValue>('delete', 'replace', 'merge', 'nonsense', null, 1, [], {});
    const { any } = fc.letrec((tie) => ({
      any: fc.oneof({ depthSize: 'small' }, fc.constantFrom<JsonValue>(null, 1, 'a', true), fc.array(tie('any'), { maxLength: 3 }), fc.dictionary(fc.constantFrom('name', 'containers', 'spec', 'template', 'metadata', '$patch', '$retainKeys', '$setElementOrder/containers', '$deleteFromPrimitiveList/finalizers', '__proto__'), fc.oneof(tie('any'), directive), { maxKeys: 3 })),
    })) as { any: fc.Arbitrary<JsonValue> };
    fc.assert(fc.property(object, any, (document, patch) => {
      const before = structuredClone(document);
      for (const act of [() => applyStrategicMergePatch(document, { spec: { template: patch }, metadata: patch }, deployment), () => applyMergePatch(document, { spec: patch })]) {
        try {
          act();
        } catch (error) {
          expect([400, 422, 500]).toContain((error as { code?: number }).code);
        }
      }
      expect(document).toEqual(before);
    }), { numRuns: 500 });
  });
});
