import { type Probe, statusOf } from './probe';

const kind = 'apiextensions.k8s.io/CustomResourceDefinition';
const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } };
const metadata = { name: 'foos.example.com' };
const definition = (spec: object, more: object = {}): object => ({
  metadata, spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'foos', kind: 'Foo' }, versions: [{ ...version, ...more }], ...spec },
});
const scale = (parts: object): object => definition({}, { subresources: { scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', ...parts } } });
const column = (parts: object): object => definition({}, { additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath: '.spec.a', ...parts }] });
const url = 'https://convert.example.com/it';
const webhook = (parts: object): object => definition({ conversion: { strategy: 'Webhook', webhook: { clientConfig: { url }, conversionReviewVersions: ['v1'], ...parts } } });
const service = (parts: object): object => webhook({ clientConfig: { service: { name: 'a', namespace: 'b', ...parts } } });
const at = 'spec.conversion.webhookClientConfig';
const versions = 'spec.conversion.conversionReviewVersions';
const scaleAt = 'spec.subresources.scale';
const columnAt = 'spec.additionalPrinterColumns[0]';
const label = `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`;

const approvalAt = 'metadata.annotations[api-approved.kubernetes.io]';
const approved = (by: string): object => ({ ...definition({ group: 'x.k8s.io' }), metadata: { name: 'foos.x.k8s.io', annotations: { 'api-approved.kubernetes.io': by } } });

type Row = readonly [object: object, field: string, reason: Probe['reason'], message: string];

const rows: readonly Row[] = [
  [definition({ conversion: { strategy: 'Odd' } }), 'spec.conversion.strategy', 'FieldValueNotSupported', 'Unsupported value: "Odd": supported values: "None", "Webhook"'],
  [definition({ conversion: { strategy: 'None', webhook: { clientConfig: { url }, conversionReviewVersions: ['v1'] } } }), at, 'FieldValueForbidden', 'Forbidden: should not be set when strategy is not set to Webhook'],
  [definition({ conversion: { strategy: 'None', webhook: { conversionReviewVersions: ['v1'] } } }), versions, 'FieldValueForbidden', 'Forbidden: should not be set when strategy is not set to Webhook'],
  [definition({ preserveUnknownFields: true }), 'spec.preserveUnknownFields', 'FieldValueInvalid', 'Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'],
  [webhook({ clientConfig: undefined }), at, 'FieldValueRequired', 'Required value: required when strategy is set to Webhook'],
  [webhook({ clientConfig: {} }), at, 'FieldValueRequired', 'Required value: exactly one of url or service is required'],
  [webhook({ clientConfig: { url: 'http://a' } }), `${at}.url`, 'FieldValueInvalid', `Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`],
  [webhook({ clientConfig: { url: 'https://u:p@a' } }), `${at}.url`, 'FieldValueInvalid', 'Invalid value: "u:p": user information is not permitted in the URL'],
  [webhook({ clientConfig: { url: 'https://a#f' } }), `${at}.url`, 'FieldValueInvalid', 'Invalid value: "f": fragments are not permitted in the URL'],
  [webhook({ clientConfig: { url: 'https://a?q=1' } }), `${at}.url`, 'FieldValueInvalid', 'Invalid value: "q=1": query parameters are not permitted in the URL'],
  [service({ port: 65536 }), `${at}.service.port`, 'FieldValueInvalid', 'Invalid value: 65536: port is not valid: must be between 1 and 65535, inclusive'],
  [service({ path: 'a' }), `${at}.service.path`, 'FieldValueInvalid', `Invalid value: "a": must start with a '/'`],
  [service({ path: '//' }), `${at}.service.path`, 'FieldValueInvalid', 'Invalid value: "//": segment[0] may not be empty'],
  [service({ path: '/a//b' }), `${at}.service.path`, 'FieldValueInvalid', 'Invalid value: "/a//b": segment[1] may not be empty'],
  [webhook({ conversionReviewVersions: [] }), versions, 'FieldValueRequired', 'Required value'],
  [webhook({ conversionReviewVersions: ['v1', 'v1'] }), `${versions}[1]`, 'FieldValueInvalid', 'Invalid value: "v1": duplicate version'],
  [webhook({ conversionReviewVersions: ['v1', '1v'] }), `${versions}[1]`, 'FieldValueInvalid', `Invalid value: "1v": ${label}`],
  [webhook({ conversionReviewVersions: ['v2'] }), versions, 'FieldValueInvalid', 'Invalid value: ["v2"]: must include at least one of v1, v1beta1'],
  [scale({ specReplicasPath: '' }), `${scaleAt}.specReplicasPath`, 'FieldValueRequired', 'Required value'],
  [scale({ specReplicasPath: 'spec.a' }), `${scaleAt}.specReplicasPath`, 'FieldValueInvalid', 'Invalid value: "spec.a": must be a simple json path starting with .'],
  [scale({ specReplicasPath: '.status.a' }), `${scaleAt}.specReplicasPath`, 'FieldValueInvalid', 'Invalid value: ".status.a": should be a json path under .spec'],
  [scale({ statusReplicasPath: '' }), `${scaleAt}.statusReplicasPath`, 'FieldValueRequired', 'Required value'],
  [scale({ statusReplicasPath: '.spec.a' }), `${scaleAt}.statusReplicasPath`, 'FieldValueInvalid', 'Invalid value: ".spec.a": should be a json path under .status'],
  [scale({ labelSelectorPath: 'a' }), `${scaleAt}.labelSelectorPath`, 'FieldValueInvalid', 'Invalid value: "a": must be a simple json path starting with .'],
  [scale({ labelSelectorPath: '.metadata.a' }), `${scaleAt}.labelSelectorPath`, 'FieldValueInvalid', 'Invalid value: ".metadata.a": should be a json path under either .spec or .status'],
  [column({ name: '' }), `${columnAt}.name`, 'FieldValueRequired', 'Required value'],
  [column({ type: '' }), `${columnAt}.type`, 'FieldValueRequired', 'Required value: must be one of boolean,date,integer,number,string'],
  [column({ type: 'odd' }), `${columnAt}.type`, 'FieldValueInvalid', 'Invalid value: "odd": must be one of boolean,date,integer,number,string'],
  [column({ format: 'odd' }), `${columnAt}.format`, 'FieldValueInvalid', 'Invalid value: "odd": must be one of byte,date,date-time,double,float,int32,int64,password'],
  [definition({ versions: [version, { ...version, name: 'v2', storage: false, additionalPrinterColumns: [{ name: '', type: 'string', jsonPath: '.a' }] }] }), 'spec.versions[1].additionalPrinterColumns[0].name', 'FieldValueRequired', 'Required value'],
  [definition({ versions: ['v1', 'v2'].map((name, i) => ({ ...version, name, storage: i === 0, schema: { openAPIV3Schema: { type: 'string' } } })) }), 'spec.validation.openAPIV3Schema.type', 'FieldValueInvalid', 'Invalid value: "string": must be object at the root'],
  [definition({}, { schema: undefined }), 'spec.versions[0].schema.openAPIV3Schema', 'FieldValueRequired', 'Required value'],
  [definition({}, { deprecationWarning: 'old' }), 'spec.versions[0].deprecationWarning', 'FieldValueInvalid', 'Invalid value: "old": can only be set for deprecated versions'],
  [definition({}, { deprecated: true, deprecationWarning: '' }), 'spec.versions[0].deprecationWarning', 'FieldValueInvalid', 'Invalid value: "": must not be an empty string'],
  [definition({}, { deprecated: true, deprecationWarning: 'é\t' }), 'spec.versions[0].deprecationWarning', 'FieldValueInvalid', 'Invalid value: "é\\t": must only contain printable UTF-8 characters; non-printable character found at index 2'],
  [approved('maybe'), approvalAt, 'FieldValueInvalid', 'Invalid value: "maybe": protected groups must have approval annotation "api-approved.kubernetes.io" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111'],
  [approved(''), approvalAt, 'FieldValueRequired', 'Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111'],
  [column({ jsonPath: '' }), `${columnAt}.JSONPath`, 'FieldValueRequired', 'Required value'],
];

describe('a definition that is refused', () => {
  it.each(rows)('%j at %s with %s: %s', (object, field, reason, message) => {
    const refused = statusOf({ kind, object });
    expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(refused?.causes).toContainEqual({ field, reason, message });
  });

  it.each<[object: object, old: object | undefined, reason: string]>([
    [webhook({ conversionReviewVersions: ['v1', 'v2'] }), undefined, 'one of its versions is known'],
    [webhook({ conversionReviewVersions: ['v3'] }), webhook({ conversionReviewVersions: ['v2'] }), 'the old one had no known version either'],
    [service({ path: '/a/b/', port: 443 }), undefined, 'through a Service'],
    [scale({ labelSelectorPath: '.status.selector' }), undefined, 'it can be scaled'],
    [column({ format: 'date-time' }), undefined, 'a column'],
    [definition({}, { deprecated: true, deprecationWarning: 'goes in 2030, – see §2' }), undefined, 'deprecated with a warning'],
    [approved('https://github.com/kubernetes/enhancements/pull/1'), undefined, 'approved'],
    [approved('unapproved, an experiment'), undefined, 'said not to be approved'],
    [approved('maybe'), approved('odd'), 'not approved before either'],
  ])('is not %j from %j: %s', (object, old) => {
    expect(statusOf({ kind, object, ...(old ? { old } : {}) })).toBeUndefined();
  });

  it('is one that gets a name of its resource that differs', () => {
    const causes = statusOf({ kind, object: definition({ names: { plural: 'bars', kind: 'Foo' } }), old: definition({}) })?.causes;
    expect(causes).toContainEqual({ field: 'spec.names.plural', reason: 'FieldValueInvalid', message: 'Invalid value: "bars": field is immutable' });
  });
});
