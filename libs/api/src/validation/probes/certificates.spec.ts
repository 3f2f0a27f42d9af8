import { type Probe, statusOf } from './probe';

const csr = Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----\n').toString('base64');
const subdomain = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`;
const REQUEST = 'certificates.k8s.io/CertificateSigningRequest';
const BUNDLE = 'certificates.k8s.io/ClusterTrustBundle';

const request = (spec: object, status?: object): object => ({ spec: { request: csr, usages: ['client auth'], signerName: 'example.com/s', ...spec }, ...(status ? { status } : {}) });
const decided = (...types: string[]): object => request({}, { conditions: types.map((type) => ({ type, status: 'True' })) });
const signed = (certificate: string): object => request({}, { certificate });
const bundle = (name: string, spec: object): object => ({ metadata: { name }, spec: { trustBundle: 't', ...spec } });
const long = (length: number): string => 'a'.repeat(length);
const domain253 = `${long(63)}.${long(63)}.${long(63)}.${long(61)}`;

type Row = readonly [field: string, reason: Probe['reason'], message: string];
const causesOf = (probe: Parameters<typeof statusOf>[0]): Row[] => (statusOf(probe)?.causes ?? []).map(({ field = '', reason = '', message = '' }) => [field, reason as Probe['reason'], message]);


describe('a CertificateSigningRequest', () => {
  const form = `must be a fully qualified domain and path of the form 'example.com/signer-name'`;
  it.each<[spec: object, ...Row]>([
    [{ usages: [] }, 'spec.usages', 'FieldValueRequired', 'Required value'],
    [{ usages: ['any', 'any'] }, 'spec.usages[1]', 'FieldValueDuplicate', 'Duplicate value: "any"'],
    [{ signerName: '' }, 'spec.signerName', 'FieldValueRequired', 'Required value'],
    [{ signerName: 'kubernetes.io/legacy-unknown' }, 'spec.signerName', 'FieldValueInvalid', 'Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version'],
    [{ signerName: 'none' }, 'spec.signerName', 'FieldValueInvalid', `Invalid value: "none": ${form}`],
    [{ signerName: 'a.b/c/d' }, 'spec.signerName', 'FieldValueInvalid', `Invalid value: "a.b/c/d": ${form}`],
    [{ signerName: 'example/s' }, 'spec.signerName', 'FieldValueInvalid', 'Invalid value: "example": should be a domain with at least two segments separated by dots'],
    [{ signerName: 'example.com/' }, 'spec.signerName', 'FieldValueInvalid', `Invalid value: "": validating label "": ${subdomain}`],
    [{ signerName: 'example.com/s-' }, 'spec.signerName', 'FieldValueInvalid', `Invalid value: "s-": validating label "s-": ${subdomain}`],
    [{ signerName: `${long(66)}.io/s` }, 'spec.signerName', 'FieldValueInvalid', `Invalid value: "${long(66)}.io": validating label "${long(66)}": must be no more than 63 characters`],
    [{ signerName: `${domain253}.x/s` }, 'spec.signerName', 'FieldValueTooLong', 'Too long: may not be more than 253 bytes'],
    [{ signerName: `a.io/${long(253)}.${long(253)}.${long(60)}` }, 'spec.signerName', 'FieldValueTooLong', 'Too long: may not be more than 571 bytes'],
    [{ expirationSeconds: -1 }, 'spec.expirationSeconds', 'FieldValueInvalid', 'Invalid value: -1: may not specify a duration less than 600 seconds (10 minutes)'],
    [{ expirationSeconds: 599 }, 'spec.expirationSeconds', 'FieldValueInvalid', 'Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)'],
  ])('of %j is refused', (spec, ...cause) => {
    expect(causesOf({ kind: REQUEST, object: request(spec) })).toEqual([cause]);
  });

  it.each([[{ expirationSeconds: 600 }], [{ signerName: `abc.io/${long(253)}.${long(253)}` }], [{ signerName: 'example.com/ns.name' }]])('of %j is taken', (spec) => {
    expect(causesOf({ kind: REQUEST, object: request(spec) })).toEqual([]);
  });

  it.each<[view: string, old: object, next: object, ...causes: Row[]]>([
    ['approval', decided(), decided('Approved', 'Denied'), ['status.conditions', 'FieldValueInvalid', 'Invalid value: "Denied": Approved and Denied conditions are mutually exclusive']],
    ['approval', decided(), decided('Denied', 'Approved'), ['status.conditions', 'FieldValueInvalid', 'Invalid value: "Approved": Approved and Denied conditions are mutually exclusive']],
    ['approval', decided('Approved'), decided('Approved', 'Approved'), ['status.conditions[1].type', 'FieldValueDuplicate', 'Duplicate value: "Approved"']],
    ['approval', decided('Approved'), decided(), ['status.conditions', 'FieldValueForbidden', 'Forbidden: updates may not remove a condition of type "Approved"']],
    ['approval', decided('Denied'), decided('Failed'), ['status.conditions', 'FieldValueForbidden', 'Forbidden: updates may not remove a condition of type "Denied"']],
    ['approval', decided('Approved', 'Approved'), decided('Approved'), ['status.conditions', 'FieldValueForbidden', 'Forbidden: updates may not remove a condition of type "Approved"']],
    ['approval', decided(), request({}, { conditions: [{ type: 'Approved', status: 'False' }] }), ['status.conditions[0].status', 'FieldValueNotSupported', 'Unsupported value: "False": supported values: "True"']],
    ['approval', decided(), request({}, { conditions: [{ type: '', status: 'True' }] }), ['status.conditions[0].type', 'FieldValueRequired', 'Required value']],
    ['status', decided('Approved'), decided(), ['status.conditions', 'FieldValueForbidden', 'Forbidden: updates may not remove a condition of type "Approved"']],
    ['status', decided(), decided('Denied'), ['status.conditions', 'FieldValueForbidden', 'Forbidden: updates may not add a condition of type "Denied"']],
    ['status', decided('Approved'), decided('Approved', 'Denied'), ['status.conditions', 'FieldValueInvalid', 'Invalid value: "Denied": Approved and Denied conditions are mutually exclusive'], ['status.conditions', 'FieldValueForbidden', 'Forbidden: updates may not add a condition of type "Denied"']],
    ['status', decided(), request({}, { conditions: [{ type: 'Failed', status: 'Unknown' }] }), ['status.conditions[0].status', 'FieldValueNotSupported', 'Unsupported value: "Unknown": supported values: "True"']],
    ['status', decided(), request({}, { conditions: [{ type: 'Mine', status: 'Maybe' }] }), ['status.conditions[0].status', 'FieldValueNotSupported', 'Unsupported value: "Maybe": supported values: "False", "True", "Unknown"']],
    ['status', decided('Failed'), decided(), ['status.conditions', 'FieldValueForbidden', 'Forbidden: updates may not remove a condition of type "Failed"']],
    ['status', signed('YQ=='), signed('Yg=='), ['status.certificate', 'FieldValueForbidden', 'Forbidden: updates may not modify existing certificate content']],
    ['status', signed('YQ=='), request({}, {}), ['status.certificate', 'FieldValueForbidden', 'Forbidden: updates may not modify existing certificate content']],
  ])('is refused a change of its %s from %j to %j', (view, old, object, ...causes) => {
    expect(causesOf({ kind: REQUEST, view, old, object })).toEqual(causes);
  });

  it.each<[why: string, view: string, old: object, next: object]>([
    ['approved', 'approval', decided(), decided('Approved')],
    ['told to have failed', 'status', decided('Approved'), decided('Approved', 'Failed')],
    ['signed', 'status', decided(), signed('YQ==')],
    ['kept with what is wrong with it already', 'approval', decided('Approved', 'Denied', 'Denied'), decided('Approved', 'Denied', 'Denied')],
    ['kept as it is, whatever a status says of when it was approved', 'status', decided('Approved'), request({}, { conditions: [{ type: 'Approved', status: 'False' }, { type: 'Mine', status: 'Unknown' }] })],
    ['kept with the signer of old', '', request({ signerName: 'kubernetes.io/legacy-unknown', usages: ['any', 'any', 'x'] }), request({ signerName: 'kubernetes.io/legacy-unknown', usages: ['any', 'any', 'x'] })],
  ])('may be %s', (_why, view, old, object) => {
    expect(causesOf({ kind: REQUEST, view, old, object })).toEqual([]);
  });
});

describe('a ClusterTrustBundle', () => {
  it.each<[name: string, spec: object, ...Row]>([
    ['a:b', {}, 'metadata.name', 'FieldValueInvalid', 'Invalid value: "a:b": ClusterTrustBundle without signer name must not have ":" in its name'],
    ['a', { signerName: 'k8s.io/foo' }, 'metadata.name', 'FieldValueInvalid', 'Invalid value: "a": ClusterTrustBundle for signerName k8s.io/foo must be named with prefix k8s.io:foo:'],
    ['k8s.io:foo:', { signerName: 'k8s.io/foo' }, 'metadata.name', 'FieldValueInvalid', `Invalid value: "k8s.io:foo:": ${subdomain}`],
    ['invalid:foo', { signerName: 'invalid' }, 'spec.signerName', 'FieldValueInvalid', `Invalid value: "invalid": must be a fully qualified domain and path of the form 'example.com/signer-name'`],
    ['a', { trustBundle: 'x'.repeat(1024 * 1024 + 1) }, 'spec.trustBundle', 'FieldValueTooLong', 'Too long: may not be more than 1048576 bytes'],
  ])('named %s of %j is refused', (name, spec, ...cause) => {
    expect(causesOf({ kind: BUNDLE, object: bundle(name, spec) })).toEqual([cause]);
  });

  it.each([['a', {}], ['k8s.io:foo:a', { signerName: 'k8s.io/foo' }]])('named %s of %j is taken', (name, spec) => {
    expect(causesOf({ kind: BUNDLE, object: bundle(name, spec) })).toEqual([]);
  });

  it('is not measured again', () => {
    const large = bundle('a', { trustBundle: 'x'.repeat(1024 * 1024 + 1) });
    expect(causesOf({ kind: BUNDLE, old: large, object: large })).toEqual([]);
  });

  it('keeps its signer', () => {
    const [old, object] = [bundle('k8s.io:foo:a', { signerName: 'k8s.io/foo' }), bundle('k8s.io:foo:a', { signerName: 'k8s.io/bar' })];
    expect(causesOf({ kind: BUNDLE, old, object })).toContainEqual(['spec.signerName', 'FieldValueInvalid', 'Invalid value: "k8s.io/bar": field is immutable']);
  });
});

describe('a projected source', () => {
  const pod = (...sources: object[]): object => ({ spec: { containers: [{ name: 'c', image: 'i' }], volumes: [{ name: 'v', projected: { sources } }] } });
  const trust = (parts: object): object => ({ clusterTrustBundle: { path: 'p', ...parts } });
  const certificate = (parts: object): object => ({ podCertificate: { keyType: 'ED25519', signerName: 'example.com/s', credentialBundlePath: 'p', ...parts } });
  const at = 'spec.volumes[0].projected';
  const trustAt = `${at}.sources[0].clusterTrustBundle`;
  const certificateAt = `${at}.sources[0].podCertificate`;

  it.each<[object[], ...Row]>([
    [[trust({})], trustAt, 'FieldValueRequired', 'Required value: either name or signerName must be specified'],
    [[trust({ name: 'a', signerName: 'example.com/s' })], trustAt, 'FieldValueInvalid', 'Invalid value: {"name":"a","signerName":"example.com/s","path":"p"}: only one of name and signerName may be used'],
    [[trust({ name: 'A' })], `${trustAt}.name`, 'FieldValueInvalid', `Invalid value: "A": not a valid clustertrustbundlename: ${subdomain}`],
    [[trust({ name: 'a.b:c:D' })], `${trustAt}.name`, 'FieldValueInvalid', `Invalid value: "a.b:c:D": not a valid clustertrustbundlename: ${subdomain}`],
    [[trust({ name: 'a', labelSelector: {} })], `${trustAt}.labelSelector`, 'FieldValueInvalid', 'Invalid value: {}: labelSelector must be unset if name is specified'],
    [[trust({ signerName: 'none' })], `${trustAt}.signerName`, 'FieldValueInvalid', `Invalid value: "none": must be a fully qualified domain and path of the form 'example.com/signer-name'`],
    [[trust({ signerName: 'example.com/s', labelSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } })], `${trustAt}.labelSelector.matchExpressions[0].values`, 'FieldValueRequired', "Required value: must be specified when `operator` is 'In' or 'NotIn'"],
    [[trust({ name: 'a', path: '' })], `${trustAt}.path`, 'FieldValueRequired', 'Required value'],
    [[trust({ name: 'a', path: '../p' })], `${trustAt}.path`, 'FieldValueInvalid', `Invalid value: "../p": must not contain '..'`],
    [[trust({ name: 'a' }), trust({ name: 'b' })], at, 'FieldValueInvalid', 'Invalid value: "p": conflicting duplicate paths'],
    [[certificate({ keyType: 'RSA1' })], `${certificateAt}.keyType`, 'FieldValueNotSupported', 'Unsupported value: "RSA1": supported values: "RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"'],
    [[certificate({ signerName: 'none' })], `${certificateAt}.signerName`, 'FieldValueInvalid', `Invalid value: "none": must be a fully qualified domain and path of the form 'example.com/signer-name'`],
    [[certificate({ maxExpirationSeconds: 3599 })], `${certificateAt}.maxExpirationSeconds`, 'FieldValueInvalid', 'Invalid value: 3599: if provided, maxExpirationSeconds must be >= 3600'],
    [[certificate({ maxExpirationSeconds: 7862401 })], `${certificateAt}.maxExpirationSeconds`, 'FieldValueInvalid', 'Invalid value: 7862401: if provided, maxExpirationSeconds must be <= 7862400'],
    [[certificate({ credentialBundlePath: '' })], certificateAt, 'FieldValueRequired', 'Required value: specify at least one of credentialBundlePath, keyPath, and certificateChainPath'],
    [[certificate({ keyPath: '/k' })], `${certificateAt}.keyPath`, 'FieldValueInvalid', 'Invalid value: "/k": must be a relative path'],
    [[certificate({ keyPath: 'p' })], at, 'FieldValueInvalid', 'Invalid value: "p": conflicting duplicate paths'],
    [[{ ...certificate({ credentialBundlePath: 'q' }), ...trust({ name: 'a' }) }], `${at}.sources[0]`, 'FieldValueForbidden', 'Forbidden: may not specify more than 1 volume type per source'],
  ])('of %j is refused', (sources, ...cause) => {
    expect(causesOf({ kind: '/Pod', object: pod(...sources) })).toEqual([cause]);
  });

  it('of trust anchors and of a certificate is taken', () => {
    expect(causesOf({ kind: '/Pod', object: pod(trust({ signerName: 'example.com/s', labelSelector: { matchLabels: { a: 'b' } } }), trust({ name: 'example.com:s:a', path: 'a' }), certificate({ credentialBundlePath: 'c', keyPath: 'k', maxExpirationSeconds: 3600 })) })).toEqual([]);
  });
});

describe('a PodCertificateRequest', () => {
  const KIND = 'certificates.k8s.io/PodCertificateRequest';
  const spec = { signerName: 'example.com/s', podName: 'p', podUID: 'pu', serviceAccountName: 'default', serviceAccountUID: 'su', nodeName: 'n', nodeUID: 'nu', stubPKCS10Request: 'AAAA' };
  const asked = (more: object = {}, status?: object): object => ({ spec: { ...spec, maxExpirationSeconds: 3600, ...more }, ...(status ? { status } : {}) });
  const answer = (type: string, more: object = {}, condition: object = {}): object => asked({}, { conditions: [{ type, status: 'True', reason: 'Because', lastTransitionTime: '2026-01-01T00:00:00Z', ...condition }], ...more });
  const times = { notBefore: '2026-01-02T03:00:00Z', notAfter: '2026-01-02T04:00:00Z', beginRefreshAt: '2026-01-02T03:30:00Z' };

  it.each<[spec: object, ...Row]>([
    [{ signerName: '' }, 'spec.signerName', 'FieldValueRequired', 'Required value'],
    [{ podName: 'P' }, 'spec.podName', 'FieldValueInvalid', `Invalid value: "P": ${subdomain}`],
    [{ serviceAccountName: 'S' }, 'spec.serviceAccountName', 'FieldValueInvalid', `Invalid value: "S": ${subdomain}`],
    [{ nodeName: 'N' }, 'spec.nodeName', 'FieldValueInvalid', `Invalid value: "N": ${subdomain}`],
    [{ podUID: '' }, 'spec.podUID', 'FieldValueInvalid', 'Invalid value: "": must not be empty'],
    [{ nodeUID: long(129) }, 'spec.nodeUID', 'FieldValueTooLong', 'Too long: may not be more than 128 bytes'],
    [{ maxExpirationSeconds: 3599 }, 'spec.maxExpirationSeconds', 'FieldValueInvalid', 'Invalid value: 3599: must be in the range [3600, 7862400]'],
    [{ maxExpirationSeconds: 7862401 }, 'spec.maxExpirationSeconds', 'FieldValueInvalid', 'Invalid value: 7862401: must be in the range [3600, 7862400]'],
    [{ unverifiedUserAnnotations: { plain: 'v' } }, 'spec.unverifiedUserAnnotations', 'FieldValueInvalid', 'Invalid value: "plain": must be a domain-prefixed key (such as "acme.io/foo")'],
    [{ unverifiedUserAnnotations: { 'example.com/a': long(256 * 1024) } }, 'spec.unverifiedUserAnnotations', 'FieldValueTooLong', 'Too long: may not be more than 262144 bytes'],
    [{ stubPKCS10Request: '' }, 'spec', 'FieldValueInvalid', 'Invalid value: exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set'],
    [{ proofOfPossession: 'AAAA' }, 'spec', 'FieldValueInvalid', 'Invalid value: exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set'],
    [{ stubPKCS10Request: long(13_660) }, 'spec.stubPKCS10Request', 'FieldValueTooLong', 'Too long: may not be more than 10240 bytes'],
    [{ maxExpirationSeconds: 86401, signerName: 'kubernetes.io/s' }, 'spec.maxExpirationSeconds', 'FieldValueInvalid', 'Invalid value: 86401: must be in the range [3600, 86400]'],
  ])('of %j is refused', (more, ...cause) => {
    expect(causesOf({ kind: KIND, object: asked(more) })).toEqual([cause]);
  });

  it('is for a day unless it says otherwise', () => {
    expect(causesOf({ kind: KIND, object: { spec } })).toEqual([]);
    expect(causesOf({ kind: KIND, object: asked({ signerName: 'kubernetes.io/s', maxExpirationSeconds: 86400 }) })).toEqual([]);
  });

  it('does not change', () => {
    expect(causesOf({ kind: KIND, old: asked(), object: asked({ podUID: 'other' }) })).toMatchObject([['spec', 'FieldValueInvalid', expect.stringMatching(/: field is immutable$/) as string]]);
  });

  const immutableStatus = 'Invalid value: immutable after PodCertificateRequest is issued, denied, or failed';
  it.each<[what: string, old: object, next: object, ...causes: Row[]]>([
    ['another condition', asked(), answer('Mine'), ['status.conditions.[0].type', 'FieldValueNotSupported', 'Unsupported value: "Mine": supported values: "Issued", "Denied", "Failed"']],
    ['a condition that does not hold', asked(), answer('Denied', {}, { status: 'False' }), ['status.conditions.[0].status', 'FieldValueNotSupported', 'Unsupported value: "False": supported values: "True"']],
    ['no reason', asked(), answer('Denied', {}, { reason: '' }), ['status.conditions[0].reason', 'FieldValueRequired', 'Required value']],
    ['no time', asked(), answer('Denied', {}, { lastTransitionTime: undefined }), ['status.conditions[0].lastTransitionTime', 'FieldValueRequired', 'Required value']],
    ['two outcomes', asked(), asked({}, { conditions: ['Denied', 'Failed'].map((type) => ({ type, status: 'True', reason: 'Because', lastTransitionTime: '2026-01-01T00:00:00Z' })) }),
      ['status.conditions.[1].type', 'FieldValueInvalid', 'Invalid value: "Failed": There may be at most one condition with type "Issued", "Denied", or "Failed"']],
    ['no outcome', asked(), asked({}, { certificateChain: 'c' }), ['status', 'FieldValueInvalid', 'Invalid value: status is immutable unless transitioning to "Issued", "Denied", or "Failed"']],
    ['a certificate with a refusal', asked(), answer('Denied', { certificateChain: 'c' }), ['status', 'FieldValueInvalid', 'Invalid value: non-condition status fields must be empty when denying or failing the PodCertificateRequest']],
    ['another outcome', answer('Denied'), answer('Issued', times), ['status', 'FieldValueInvalid', immutableStatus]],
    ['a chain that is too long', asked(), answer('Issued', { ...times, certificateChain: long(102_401) }), ['status.certificateChain', 'FieldValueTooLong', 'Too long: may not be more than 102400 bytes']],
    ['no times', asked(), answer('Issued'), ['status.notBefore', 'FieldValueRequired', 'Required value: must be present and consistent with the issued certificate'],
      ['status.notAfter', 'FieldValueRequired', 'Required value: must be present and consistent with the issued certificate'],
      ['status.beginRefreshAt', 'FieldValueRequired', 'Required value: must be present and in the range [notbefore+10min, notafter-10min]']],
    ['a renewal too soon', asked(), answer('Issued', { ...times, beginRefreshAt: '2026-01-02T03:09:59Z' }), ['status.beginRefreshAt', 'FieldValueInvalid', 'Invalid value: "2026-01-02T03:09:59Z": must be at least 10 minutes after status.notBefore']],
    ['a renewal too late', asked(), answer('Issued', { ...times, beginRefreshAt: '2026-01-02T03:50:01Z' }), ['status.beginRefreshAt', 'FieldValueInvalid', 'Invalid value: "2026-01-02T03:50:01Z": must be at least 10 minutes before status.notAfter']],
  ])('is not answered with %s', (_what, old, next, ...causes) => {
    expect(causesOf({ kind: KIND, view: 'status', old, object: next })).toEqual(causes);
  });

  it.each([['Issued', times], ['Denied', {}], ['Failed', {}]])('is answered once: %s', (type, more) => {
    expect(causesOf({ kind: KIND, view: 'status', old: asked(), object: answer(type, more) })).toEqual([]);
    expect(causesOf({ kind: KIND, view: 'status', old: answer(type, more), object: answer(type, more, { reason: 'Other' }) })).toEqual([['status', 'FieldValueInvalid', immutableStatus]]);
  });
});
