import { FieldPath } from './field-path';
import {
  configMapKeyMessages, dns1035LabelMessages, dns1123LabelMessages, dns1123SubdomainMessages, envVarNameMessages, labelKeyMessages,
  pathSegmentNameMessages, portNameMessages, subdomainName, validateAnnotations, validateObjectMeta, validateObjectMetaUpdate, validatePatchOptions,
} from '.';

const long = 'a'.repeat(254);

describe('names', () => {
  it.each([
    ['label', dns1123LabelMessages, ['a', '1', 'a-b', 'a'.repeat(63)], ['', '-a', 'a-', 'A', 'a.b', 'a'.repeat(64), 'ä']],
    ['subdomain', dns1123SubdomainMessages, ['a', 'a.b', '1.2'], ['', '.', 'a..b', 'a.', long, 'A']],
    ['DNS-1035 label', dns1035LabelMessages, ['a', 'a-1'], ['1', '', 'a.b']],
    ['label key', labelKeyMessages, ['a', 'A_b.c', 'example.com/x'], ['', '/a', 'a/', 'a/b/c', 'A.com/x', '_']],
    ['port name', portNameMessages, ['http', 'a-1'], ['', '1', 'a--b', '-a', 'A', 'abcdefghijklmnop']],
    ['environment variable', envVarNameMessages, ['A', 'a b', '1'], ['', 'a=b', 'ä', 'a\n']],
    ['config key', configMapKeyMessages, ['a', 'A.b_c'], ['', '.', '..', '..a', 'a/b']],
    ['path segment', pathSegmentNameMessages, ['system:node', 'a.b'], ['.', '..', 'a/b', 'a%b']],
  ])('of kind %s', (_, messages, valid, wrong) => {
    for (const value of valid) expect([value, messages(value)]).toEqual([value, []]);
    for (const value of wrong) expect([value, messages(value).length > 0]).toEqual([value, true]);
  });

  it('are refused in upstream\'s words', () => {
    expect(dns1123SubdomainMessages('A_')).toEqual([
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ]);
    expect(dns1123LabelMessages('a.b')).toEqual(['must not contain dots']);
    // Labels have another wording than names.
    expect(dns1123LabelMessages('a'.repeat(64))).toEqual(['must be no more than 63 characters']);
    expect(dns1123SubdomainMessages('a'.repeat(254))).toEqual(['must be no more than 253 characters']);
    expect(labelKeyMessages(`${'a'.repeat(254)}/${'b'.repeat(64)}`)).toEqual(['prefix part must be no more than 253 bytes', 'name part must be no more than 63 bytes']);
    expect(labelKeyMessages('a/b/c')[0]).toContain("a valid label key must consist of alphanumeric characters, '-', '_' or '.'");
  });
});

describe('object metadata', () => {
  const path = FieldPath.of('metadata');
  const messages = (errors: { message: string }[]): string[] => errors.map((error) => error.message);

  it('needs a name and, where namespaced, a namespace', () => {
    expect(messages(validateObjectMeta({}, true, subdomainName, path))).toEqual([
      'metadata.name: Required value: name or generateName is required', 'metadata.namespace: Required value',
    ]);
    expect(messages(validateObjectMeta({ name: 'a', namespace: 'b' }, false, subdomainName, path))).toEqual(['metadata.namespace: Forbidden: not allowed on this type']);
    expect(validateObjectMeta({ name: 'a-x', generateName: 'a-', namespace: 'b' }, true, subdomainName, path)).toEqual([]);
  });

  it('has one controller and no contradicting finalizers', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'a', uid: 'u', controller: true };
    const errors = messages(validateObjectMeta({ name: 'a', ownerReferences: [owner, owner], finalizers: ['orphan', 'foregroundDeletion'] }, false, subdomainName, path));
    expect(errors[0]).toContain('Only one reference can have Controller set to true. Found "true" in references for ReplicaSet/a and ReplicaSet/a');
    expect(errors[1]).toContain('finalizer orphan and foregroundDeletion cannot be both set');
  });

  it('keeps its identity in updates', () => {
    const previous = { name: 'a', uid: '1', resourceVersion: '5', deletionTimestamp: 't', finalizers: ['a/b'] };
    expect(messages(validateObjectMetaUpdate({ ...previous, uid: '2', finalizers: ['a/b', 'c/d', 'c/d'] }, previous, path))).toEqual([
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"c/d"}',
      'metadata.uid: Invalid value: "2": field is immutable',
    ]);
  });

  it('limits annotations together, and takes their keys in any case', () => {
    expect(validateAnnotations({ 'EXAMPLE.com/A': 'x' }, path)).toEqual([]);
    expect(messages(validateAnnotations({ a: 'x'.repeat(262144) }, path))).toEqual(['metadata: Too long: may not be more than 262144 bytes']);
  });
});

describe('options', () => {
  it('of a patch depend on whether it applies', () => {
    expect(validatePatchOptions({}, true).map((error) => error.message)).toEqual(['fieldManager: Required value: is required for apply patch']);
    expect(validatePatchOptions({ force: true, dryRun: ['no'], fieldValidation: 'x' }, false).map((error) => error.message)).toEqual([
      'force: Forbidden: may not be specified for non-apply patch', 'dryRun: Unsupported value: ["no"]: supported values: "All"',
      'fieldValidation: Unsupported value: "x": supported values: "", "Ignore", "Strict", "Warn"',
    ]);
  });
});
