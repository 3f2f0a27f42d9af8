import { systemClock } from '@navarch/clock';
import { describeMessage, watchBoundary } from '@navarch/component-base';
import { CertificateAuthority } from '@navarch/pki';
import { eventually, makeTempDir, startEtcd, type TempDir, type TestEtcd } from '@navarch/testing';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { RestClient, startTestApiserver, type TestApiserver } from '../testing';
import { FakeKms } from '../testing/fake-kms';

const password = 'Hunter2-password';
const token = 'Hunter2-of-jane';
const ownToken = 'Hunter2-of-the-apiserver';
const path = 'hunter2-path';

interface Review {
  readonly kind: string;
  readonly apiVersion: string;
  readonly request?: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects?: readonly { readonly spec: object }[] };
}

/** Answers every kind of review with yes, and repeats whatever it was shown. */
function answerTo(body: string): object {
  const review = JSON.parse(body) as Review;
  const { kind, apiVersion, request } = review;
  const uid = request?.uid;
  switch (kind) {
    case 'AdmissionReview':
      return {
        kind,
        apiVersion,
        response: {
          uid,
          allowed: true,
          warnings: [password],
          auditAnnotations: { seen: password },
          patchType: 'JSONPatch',
          patch: Buffer.from(`[{"op":"add","path":"/metadata/annotations","value":{"seen":"${password}"}}]`).toString('base64'),
        },
      };
    case 'ConversionReview':
      return { kind, apiVersion, response: { uid, result: { status: 'Success', message: password }, convertedObjects: request?.objects?.map((object) => ({ ...object, apiVersion: request.desiredAPIVersion })) } };
    case 'SubjectAccessReview':
      return { ...review, status: { allowed: true, reason: password } };
    case 'TokenReview':
      return { ...review, status: { authenticated: true, user: { username: 'jane', extra: { seen: [token] } } } };
    default:
      return { kind: 'Nothing', seen: password };
  }
}

describe('who taps an apiserver', () => {
  let etcd: TestEtcd;
  let directory: TempDir;
  let kms: FakeKms;
  let hook: Server;
  let host: string;
  let caBundle: string;
  let server: TestApiserver;
  let admin: RestClient;
  let stop: () => void;
  const told: { direction: string; what: string; message: Record<string, unknown> }[] = [];

  beforeAll(async () => {
    [etcd, directory] = await Promise.all([startEtcd(), makeTempDir()]);
    kms = new FakeKms(join(directory.path, 'kms.sock'));
    const authority = await CertificateAuthority.create('webhooks', systemClock);
    const { cert, key } = await authority.issue({ commonName: 'hook', hosts: ['localhost'], usages: ['server auth'] });
    caBundle = Buffer.from(authority.cert).toString('base64');
    hook = createServer({ cert, key }, (request, response) => void text(request).then((body) => response.end(JSON.stringify(answerTo(body)))));
    hook.listen(0, '127.0.0.1');
    await Promise.all([once(hook, 'listening'), kms.start()]);
    host = `localhost:${(hook.address() as AddressInfo).port}`;
    const file = (name: string, content: object): Promise<void> => writeFile(join(directory.path, name), JSON.stringify(content));
    await file('kubeconfig', {
      'current-context': 'a', contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }], users: [{ name: 'a', user: { token: ownToken } }],
      clusters: [{ name: 'a', cluster: { server: `https://${host}/${path}`, 'certificate-authority-data': caBundle } }],
    });
    await file('policy.yaml', { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'RequestResponse', users: ['jane'] }] });
    await file('encryption.yaml', { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration', resources: [{ resources: ['secrets'], providers: [{ kms: { apiVersion: 'v2', name: 'vault', endpoint: kms.endpoint } }] }] });
    await writeFile(join(directory.path, 'policies.jsonl'), '# a line\n{"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{"user":"lister","namespace":"*","resource":"pods","readonly":true}}\n');
    stop = watchBoundary(({ direction, what, message }) => told.push({ direction, what, message: (describeMessage(message?.()) ?? {}) as Record<string, unknown> }));
    const at = (name: string): string => join(directory.path, name);
    server = await startTestApiserver({
      etcd: etcd.endpoint, flags: [
        `--authentication-token-webhook-config-file=${at('kubeconfig')}`, '--authorization-mode=RBAC,ABAC,Webhook', `--authorization-policy-file=${at('policies.jsonl')}`, `--authorization-webhook-config-file=${at('kubeconfig')}`,
        `--audit-policy-file=${at('policy.yaml')}`, `--audit-webhook-config-file=${at('kubeconfig')}`, '--audit-webhook-mode=blocking', `--encryption-provider-config=${at('encryption.yaml')}`,
      ],
    });
    admin = await RestClient.of(server);
  }, 120_000);

  afterAll(async () => {
    admin.close();
    await server.stop();
    stop();
    hook.closeAllConnections();
    hook.close();
    await Promise.all([kms.stop(), etcd.stop()]);
    await directory[Symbol.asyncDispose]();
  });

  const posted = (kind: string): Record<string, unknown>[] => told.filter(({ what, message }) => what === `POST ${host}` && message['kind'] === kind).map(({ direction, message }) => ({ direction, ...message }));
  const expectedOf = (question: object, answer: object): unknown[] => [expect.objectContaining({ direction: 'out', ...question }), expect.objectContaining({ direction: 'in', code: 200, ...answer })];

  it('lets in who a policy of a file allows', async () => {
    expect((await admin.get('/api/v1/pods', { 'Impersonate-User': 'lister' })).code).toBe(200);
  });

  it('sees what it asks webhooks of every kind and a KMS, and what they say', async () => {
    const client = { clientConfig: { url: `https://${host}/${path}`, caBundle } };
    await admin.post('/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', {
      metadata: { name: 'seeing' },
      webhooks: [
        {
          name: 'seeing.example.com',
          ...client,
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['secrets'] }],
        },
      ],
    });
    const jane = await RestClient.of(server, true);
    const headers = { Authorization: `Bearer ${token}` };
    const secrets = '/api/v1/namespaces/default/secrets';
    let tries = 0;
    const make = (): Promise<boolean> =>
      jane
        .call<{ metadata: { annotations?: object } }>('POST', secrets, {
          headers,
          body: { metadata: { name: `db-${(tries += 1)}` }, stringData: { password } },
        })
        .then(({ code, body }) => code === 201 && body.metadata.annotations !== undefined);
    await eventually(make); // the configuration has to be seen first
    jane.close();
    const version = (name: string, storage: boolean): object => ({ name, served: true, storage, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } });
    await admin.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      metadata: { name: 'dials.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'dials', singular: 'dial', kind: 'Dial', listKind: 'DialList' },
        versions: [version('v1', true), version('v2', false)],
        conversion: { strategy: 'Webhook', webhook: { ...client, conversionReviewVersions: ['v1'] } },
      },
    });
    const dials = '/apis/example.com/v1/namespaces/default/dials';
    await eventually(async () => (await admin.get(dials)).code === 200);
    await admin.post(dials, { apiVersion: 'example.com/v1', kind: 'Dial', metadata: { name: 'one' }, spec: { password } });
    expect((await admin.get('/apis/example.com/v2/namespaces/default/dials/one')).code).toBe(200);

    expect(posted('TokenReview')).toEqual(expectedOf({ token: '(hidden)' }, { authenticated: true, username: 'jane' }));
    expect(posted('SubjectAccessReview').slice(0, 2)).toEqual(expectedOf({ user: 'jane', resourceAttributes: expect.objectContaining({ verb: 'create', resource: 'secrets', namespace: 'default' }) as unknown }, { allowed: true }));
    expect(posted('AdmissionReview').slice(0, 2)).toEqual(expectedOf({ operation: 'CREATE', resource: 'v1 secrets', username: 'jane', object: expect.stringMatching(/^\d+ bytes$/) as unknown }, { allowed: true, warnings: 1 }));
    expect(posted('ConversionReview').slice(0, 2)).toEqual(expectedOf({ desiredAPIVersion: 'example.com/v2', objects: 1 }, { convertedObjects: 1 }));
    expect(posted('EventList')[0]).toMatchObject({ direction: 'out', items: 1 });
    expect(told.find(({ direction, what }) => direction === 'out' && what === '/v2.KeyManagementService/Encrypt')?.message).toMatchObject({ plaintext: '32 bytes' });
    // The plug-in of this test is in the same process: its side is told too.
    expect(told.filter(({ direction, what }) => direction === 'in' && what === '/v2.KeyManagementService/Encrypt').map(({ message }) => message)).toContainEqual(expect.objectContaining({ keyId: 'kms-key-1', annotations: '(1 hidden)' }));
  }, 60_000);

  it('sees that one does not answer', async () => {
    const { port } = hook.address() as AddressInfo;
    hook.closeAllConnections();
    await new Promise((resolve) => hook.close(resolve));
    const dials = '/apis/example.com/v1/namespaces/default/dials';
    expect((await admin.post(dials, { apiVersion: 'example.com/v1', kind: 'Dial', metadata: { name: 'two' }, spec: { password } })).code).toBe(201);
    expect((await admin.get('/apis/example.com/v2/namespaces/default/dials/two')).code).toBe(500);
    hook.listen(port, '127.0.0.1');
    await once(hook, 'listening');
    expect(told.filter(({ what }) => what === `POST ${host}`).map(({ message }) => message['unanswered'])).toContain('ECONNREFUSED');
  }, 60_000);

  it('sees no secret of any of them, nor what lets one in', () => {
    const all = JSON.stringify(told);
    const encoded = (secret: string): string[] => [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')];
    expect([password, token, ownToken, path].flatMap(encoded).filter((secret) => all.includes(secret))).toEqual([]);
  });
});
