import { systemClock } from '@navarch/clock';
import { CertificateAuthority, createCertificateRequest } from '@navarch/pki';
import { type RestAnswer, startTestApi, type TestApi } from '../testing';

interface Condition { type: string; status: string; reason?: string; lastUpdateTime?: string; lastTransitionTime?: string }
interface Any {
  reason?: string;
  message?: string;
  spec: { username: string; groups: string[]; usages: string[] };
  status: { certificate?: string; conditions?: Condition[] };
  metadata: { resourceVersion: string; managedFields?: { subresource?: string; fieldsV1: unknown }[] };
}

const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const rbac = '/apis/rbac.authorization.k8s.io/v1';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const condition = (type: string, status = 'True'): Condition => ({ type, status, reason: 'Test' });

describe('a CertificateSigningRequest', () => {
  let test: TestApi;
  let request: string;
  let mastersRequest: string;
  let certificate: string;

  beforeAll(async () => {
    const [authority, { csr }, masters] = await Promise.all([
      CertificateAuthority.create('signer', systemClock), createCertificateRequest({ commonName: 'jane' }), createCertificateRequest({ commonName: 'jane', organizations: ['system:masters'] }),
    ]);
    [request, mastersRequest, certificate] = [base64(csr), base64(masters.csr), base64(authority.cert)];
    test = await startTestApi();
    const mayUse = (name: string, rules: object[]): Promise<unknown> => Promise.all([
      test.api.post(`${rbac}/clusterroles`, { metadata: { name }, rules }),
      test.api.post(`${rbac}/clusterrolebindings`, { metadata: { name }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }] }),
    ]);
    const group = ['certificates.k8s.io'];
    const any = { apiGroups: group, resources: ['certificatesigningrequests', 'certificatesigningrequests/approval', 'certificatesigningrequests/status'], verbs: ['*'] };
    const signers = (verbs: string[], name: string): object => ({ apiGroups: group, resources: ['signers'], verbs, resourceNames: [name] });
    await Promise.all([mayUse('nobody', [any]), mayUse('of-one', [any, signers(['approve', 'sign'], 'example.com/one')]), mayUse('of-domain', [any, signers(['approve', 'sign'], 'example.com/*')])]);
  }, 60_000);

  afterAll(() => test.stop());

  const as = (user: string, method: string, path: string, body: unknown): Promise<RestAnswer<Any>> =>
    test.api.call<Any>(method, path, { body, headers: { 'Impersonate-User': user, ...(method === 'PATCH' ? { 'Content-Type': 'application/merge-patch+json' } : {}) } });
  let nth = 0;
  const made = async (parts: object = {}): Promise<string> => {
    const name = `r${nth++}`;
    expect(await as('of-one', 'POST', requests, { metadata: { name }, spec: { request, signerName: 'example.com/one', usages: ['client auth'], ...parts } })).toMatchObject({ code: 201 });
    return `${requests}/${name}`;
  };
  const decide = (user: string, path: string, ...conditions: Condition[]): Promise<RestAnswer<Any>> => as(user, 'PATCH', `${path}/approval`, { status: { conditions } });
  const sign = (user: string, path: string, status: object): Promise<RestAnswer<Any>> => as(user, 'PATCH', `${path}/status`, { status });
  const told = ({ code, body }: RestAnswer<Any>): unknown => ({ code, message: body.message });

  it('says who asks, whatever they say of themselves, and stays what it was', async () => {
    const path = await made({ username: 'root', groups: ['system:masters'] });
    const { body } = await test.api.get<Any>(path);
    expect(body.spec).toMatchObject({ username: 'of-one', groups: ['system:authenticated'] });
    expect(await as('of-one', 'PATCH', path, { spec: { usages: ['server auth'], username: 'root' }, status: { conditions: [condition('Approved')], certificate } })).toMatchObject({ code: 200, body: { spec: body.spec, status: {} } });
    expect((await test.api.get<Any>(path)).body.status).toEqual({});
  });

  it('for the API server\'s own clients is not of the masters', async () => {
    const answer = await as('of-one', 'POST', requests, { metadata: { name: 'masters' }, spec: { request: mastersRequest, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] } });
    expect(told(answer)).toEqual({ code: 403, message: 'certificatesigningrequests.certificates.k8s.io "masters" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed' });
  });

  it.each([
    ['of-one', 'example.com/one', 200],
    ['of-one', 'example.com/two', 403],
    ['of-domain', 'example.com/two', 200],
    ['of-domain', 'example.org/two', 403],
    ['nobody', 'example.com/one', 403],
  ])('is decided on by %s, for %s: %s', async (user, signerName, code) => {
    const path = await made({ signerName });
    const answer = await decide(user, path, condition('Approved'));
    expect(answer.code).toBe(code);
    if (code === 403) expect(answer.body.message).toContain(`user not permitted to approve requests with signerName "${signerName}"`);
    else {
      expect(answer.body.status.conditions).toMatchObject([
        { type: 'Approved', lastUpdateTime: expect.any(String) as string, lastTransitionTime: expect.any(String) as string },
      ]);
    }
  });

  it.each([['of-one', 'example.com/one', 200], ['of-one', 'example.com/two', 403], ['of-domain', 'example.com/two', 200], ['nobody', 'example.com/one', 403]])('is signed by %s, for %s: %s', async (user, signerName, code) => {
    const path = await made({ signerName });
    await test.api.patch(`${path}/approval`, 'merge', { status: { conditions: [condition('Approved')] } });
    for (const status of [{ certificate }, { conditions: [condition('Approved'), condition('Mine', 'Unknown')] }, { conditions: [condition('Approved'), condition('Failed')] }]) {
      const answer = await sign(user, path, status);
      expect(answer.code).toBe(code);
      if (code === 403) expect(answer.body.message).toContain(`user not permitted to sign requests with signerName "${signerName}"`);
    }
  });

  it('is approved or denied, and stays so', async () => {
    const path = await made();
    expect(told(await decide('of-one', path, condition('Approved'), condition('Denied')))).toMatchObject({
      code: 422,
      message: expect.stringContaining('status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive') as string,
    });
    expect((await decide('of-one', path, condition('Denied'))).code).toBe(200);
    expect(told(await decide('of-one', path))).toMatchObject({ code: 422, message: expect.stringContaining('updates may not remove a condition of type "Denied"') as string });
    expect(told(await decide('of-one', path, condition('Denied'), condition('Denied')))).toMatchObject({ code: 422, message: expect.stringContaining('status.conditions[1].type: Duplicate value: "Denied"') as string });
    expect(told(await decide('of-one', path, condition('Denied', 'False')))).toMatchObject({ code: 422, message: expect.stringContaining('status.conditions[0].status: Unsupported value: "False": supported values: "True"') as string });
    // Through its status nothing is decided, and nothing undone.
    expect(told(await sign('of-one', path, { conditions: [condition('Approved')] }))).toEqual({
      code: 422,
      message: `CertificateSigningRequest.certificates.k8s.io "${path.split('/').at(-1) ?? ''}" is invalid: [status.conditions: Forbidden: updates may not remove a condition of type "Denied", status.conditions: Forbidden: updates may not add a condition of type "Approved"]`,
    });
    const { lastUpdateTime } = (await test.api.get<Any>(path)).body.status.conditions?.[0] ?? {};
    expect(
      await sign('of-one', path, { conditions: [{ ...condition('Denied', 'False'), lastUpdateTime: '2020-01-01T00:00:00Z' }, condition('Mine', 'Unknown')] }),
    ).toMatchObject({ code: 200, body: { status: { conditions: [{ type: 'Denied', status: 'True', lastUpdateTime }, { type: 'Mine' }] } } });
  });

  it.each(['approval', 'status'])('takes labels, annotations, finalizers and owners that come with its %s, and nothing else beside', async (view) => {
    const path = await made();
    const before = (await test.api.get<Any>(path)).body;
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'map', uid: '5a1fb1a8-3a63-4b4f-8f2e-1d4d1a1d8f0e' };
    const metadata = { labels: { team: 'a' }, annotations: { 'example.com/why': 'asked' }, finalizers: ['example.com/wait'], ownerReferences: [owner] };
    const written = await as('of-one', 'PATCH', `${path}/${view}`, { metadata, spec: { usages: ['server auth'] } });
    expect(written).toMatchObject({ code: 200, body: { metadata: { labels: { team: 'a' }, annotations: { 'example.com/why': 'asked' }, finalizers: ['example.com/wait'], ownerReferences: [owner] }, spec: before.spec } });
    expect(written.body.status).toEqual({});
    expect((await test.api.get<Any>(path)).body).toEqual(written.body);
    const bad = await as('of-one', 'PATCH', `${path}/${view}`, { metadata: { labels: { team: 'not a label' } } });
    expect(told(bad)).toMatchObject({ code: 422, message: expect.stringContaining('metadata.labels: Invalid value: "not a label"') as string });
    expect(await as('of-one', 'PATCH', `${path}/${view}`, { metadata: { name: 'another' } })).toMatchObject({ code: 400 });
    expect(await as('of-one', 'PATCH', `${path}/${view}`, { metadata: { uid: 'another' } })).toMatchObject({ code: 422 });
    await test.api.patch(path, 'merge', { metadata: { finalizers: null } });
  });

  it('belongs to who decides as to its conditions, and to who signs as to its certificate', async () => {
    const path = await made();
    await decide('of-one', path, condition('Approved'));
    await sign('of-one', path, { certificate });
    const { managedFields = [] } = (await test.api.get<Any>(path)).body.metadata;
    const owned = (view: string): unknown => managedFields.find(({ subresource }) => subresource === view)?.fieldsV1;
    expect(owned('approval')).toMatchObject({ 'f:status': { 'f:conditions': { 'k:{"type":"Approved"}': { 'f:reason': {}, 'f:status': {}, 'f:type': {} } } } });
    expect(owned('status')).toEqual({ 'f:status': { 'f:certificate': {} } });
  });

  it('is answered with certificates, once', async () => {
    const path = await made();
    expect(told(await sign('of-one', path, { certificate: base64('text') }))).toMatchObject({
      code: 422,
      message: expect.stringContaining('status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block') as string,
    });
    expect((await sign('of-one', path, { certificate })).code).toBe(200);
    expect((await sign('of-one', path, { certificate })).code).toBe(200);
    expect(told(await sign('of-one', path, { certificate: null }))).toMatchObject({ code: 422, message: expect.stringContaining('status.certificate: Forbidden: updates may not modify existing certificate content') as string });
    expect((await test.api.get<Any>(path)).body.status.certificate).toBe(certificate);
  });

  it('is counted when it is answered: whether its certificate lasts as long as was asked', async () => {
    const path = await made({ expirationSeconds: 3600 });
    expect((await test.api.patch(`${path}/status?dryRun=All`, 'merge', { status: { certificate } })).code).toBe(200);
    for (let times = 0; times < 2; times++) expect((await sign('of-one', path, { certificate })).code).toBe(200);
    const metrics = (await test.api.get('/metrics')).raw.toString();
    expect(metrics).toContain('apiserver_certificates_registry_csr_requested_duration_total{signerName="other"} 1\n');
    // That of an authority lasts for years.
    expect(metrics).not.toContain('apiserver_certificates_registry_csr_honored_duration_total{');
    expect(metrics).toMatch(/^apiserver_client_certificate_expiration_seconds_bucket\{le="86400"\} 0$/m);
    expect(metrics).toMatch(/^apiserver_client_certificate_expiration_seconds_count [1-9]\d*$/m);
  });
});
