import fc from 'fast-check';
import { type JsonObject, type JsonValue } from '../json';
import { typeOfKind } from '../testing/built-in-tables';
import { compareTyped } from './compare-typed';
import { FieldSet } from './field-set';
import { fieldsOfNew } from './fields-of-new';
import { alwaysIgnored, fieldSetOf, ownable, unowned } from './ignored-fields';

describe('the fields of a new object', () => {
  const odd = fc.constantFrom<JsonValue>(null, '', 0, {}, [], 'a', [null], [{}], { a: {} });
  const container = fc.record({
    name: fc.constantFrom('a', 'b'), image: odd, resources: odd, env: fc.array(fc.record({ name: fc.constantFrom('x', 'y'), value: odd }, { requiredKeys: [] })),
    ports: fc.array(fc.record({ containerPort: fc.constantFrom(1, 2), protocol: fc.constantFrom('TCP', 'UDP') }, { requiredKeys: [] })),
  }, { requiredKeys: [] });
  const metadata = fc.record({ name: odd, uid: odd, labels: odd, finalizers: fc.array(fc.constantFrom('a', 'b')), ownerReferences: fc.array(fc.record({ uid: fc.constantFrom('1', '2') })) }, { requiredKeys: [] });
  const spec = fc.record({ containers: fc.oneof(odd, fc.array(container)), nodeSelector: odd, affinity: odd, unknown: odd }, { requiredKeys: [] });
  const pod = fc.record({ apiVersion: fc.constant('v1'), metadata: fc.oneof(odd, metadata), spec: fc.oneof(odd, spec), status: odd }, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>;

  it.each([
    { reset: undefined, reason: 'what is the server\'s is never owned' },
    { reset: fieldSetOf('status'), reason: 'nor is what the endpoint resets' },
    { reset: fieldSetOf('metadata', 'spec.containers'), reason: 'on whatever level' },
  ])('are those that comparing it with nothing finds: $reason', ({ reset }) => {
    const type = typeOfKind('/v1/Pod');
    fc.assert(fc.property(pod, (object) => {
      const { added, modified } = compareTyped({}, object, type);
      const found = FieldSet.fromFieldsV1(fieldsOfNew(object, type, reset ? unowned(reset) : alwaysIgnored));
      expect(found.toFieldsV1()).toEqual(ownable(modified.union(added), reset).toFieldsV1());
    }), { numRuns: 500 });
  });

  it.each<[kind: string, object: JsonObject, fields: JsonObject]>([
    ['apps/v1/ControllerRevision', { data: { spec: { a: [1] } }, revision: 1 }, { 'f:data': {}, 'f:revision': {} }],
    ['admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding', { spec: { validationActions: ['Deny'] } }, { 'f:spec': { 'f:validationActions': { '.': {}, 'v:"Deny"': {} } } }],
    ['storage.k8s.io/v1/CSINode', { spec: { drivers: [{ name: 'd', nodeID: 'n' }] } }, { 'f:spec': { 'f:drivers': { 'k:{"name":"d"}': { '.': {}, 'f:name': {}, 'f:nodeID': {}, 'f:topologyKeys': {} } } } }],
    ['storage.k8s.io/v1/CSINode', { spec: { drivers: [] } }, { 'f:spec': { 'f:drivers': {} } }],
    ['rbac.authorization.k8s.io/v1/Role', { metadata: {} }, {}],
  ])('are upstream\'s where Go is not as OpenAPI says, of a %s', (kind, object, fields) => {
    const type = typeOfKind(kind);
    expect(fieldsOfNew(object, type, alwaysIgnored)).toEqual(fields);
  });
});
