import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificates, core, type certificatesv1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import { CertificateAuthority, createCertificateRequest, parseCertificateRequest, type RequestedCertificate } from '@navarch/pki';
import type { ControllerConfig } from '../../config';
import { ControllerWorld } from '../../testing/controller-world';
import { approvingController } from './approving';
import { certificateCleaner } from './cleaning';
import { approvalRule, CLIENT, KUBELET_CLIENT, KUBELET_SERVING, LEGACY_UNKNOWN, signerProblem } from './recognise';
import { isOutdated } from './request-state';
import { lifeMs, signingController } from './signing';
import { signerFiles } from './signing-authority';

type Request = certificatesv1.CertificateSigningRequest;

const clientUsages = ['digital signature', 'key encipherment', 'client auth'];
const servingUsages = ['digital signature', 'server auth'];
let node: RequestedCertificate;
beforeAll(async () => (node = await parseCertificateRequest((await createCertificateRequest({ commonName: 'system:node:n1', organizations: ['system:nodes'] })).csr)));
const asked = (more: Partial<RequestedCertificate> = {}): RequestedCertificate => ({ ...node, ...more });
const request = (signerName: string, usages: string[], more: Partial<certificatesv1.CertificateSigningRequestSpec> = {}): Request => ({ metadata: { name: 'csr' }, spec: { request: '', signerName, usages, ...more } });

describe('a signer', () => {
  it.each<{ reason: string; signer: string; usages: string[]; of?: Partial<RequestedCertificate>; problem: string | undefined }>([
    { reason: 'signs for clients', signer: CLIENT, usages: clientUsages, of: { commonName: 'jane', organizations: [] }, problem: undefined },
    { reason: 'refuses servers as clients', signer: CLIENT, usages: ['client auth', 'server auth'], problem: 'invalid usage for client certificate: server auth' },
    { reason: 'signs for clients whatever they are called', signer: CLIENT, usages: ['client auth'], of: { commonName: '', organizations: ['a', 'b'], dnsNames: ['x'] }, problem: undefined },
    { reason: 'refuses clients that are none', signer: CLIENT, usages: ['digital signature'], problem: 'missing required usage for client certificate: client auth' },
    { reason: 'signs for kubelets', signer: KUBELET_CLIENT, usages: clientUsages, problem: undefined },
    { reason: 'refuses kubelets that are no nodes', signer: KUBELET_CLIENT, usages: clientUsages, of: { organizations: [] }, problem: 'subject organization is not system:nodes' },
    { reason: 'refuses nodes under another name', signer: KUBELET_CLIENT, usages: clientUsages, of: { commonName: 'n1' }, problem: 'subject common name does not begin with system:node:' },
    { reason: 'refuses kubelets that are no nodes before anything else', signer: KUBELET_CLIENT, usages: servingUsages, of: { organizations: ['system:nodes', 'more'], dnsNames: ['n1'] }, problem: 'subject organization is not system:nodes' },
    { reason: 'refuses clients with addresses', signer: KUBELET_CLIENT, usages: clientUsages, of: { ipAddresses: ['10.0.0.1'] }, problem: 'IP subjectAltNames are not allowed' },
    { reason: 'signs for kubelets whose keys cannot encrypt', signer: KUBELET_CLIENT, usages: ['digital signature', 'client auth'], problem: undefined },
    { reason: 'refuses clients with mail addresses', signer: KUBELET_CLIENT, usages: clientUsages, of: { emailAddresses: ['a@b.c'] }, problem: 'Email subjectAltNames are not allowed' },
    { reason: 'refuses clients with URIs', signer: KUBELET_CLIENT, usages: clientUsages, of: { uris: ['x:y'] }, problem: 'URI subjectAltNames are not allowed' },
    { reason: 'refuses kubelets with more usages', signer: KUBELET_CLIENT, usages: [...clientUsages, 'server auth'], problem: 'usages did not match [client auth digital signature key encipherment]' },
    { reason: 'refuses kubelets with other usages', signer: KUBELET_CLIENT, usages: servingUsages, problem: 'usages did not match [client auth digital signature key encipherment]' },
    { reason: 'signs for kubelets that serve', signer: KUBELET_SERVING, usages: servingUsages, of: { dnsNames: ['n1'] }, problem: undefined },
    { reason: 'refuses servers without a name', signer: KUBELET_SERVING, usages: servingUsages, problem: 'DNS or IP subjectAltName is required' },
    { reason: 'signs for kubelets that serve under addresses', signer: KUBELET_SERVING, usages: [...servingUsages, 'key encipherment'], of: { ipAddresses: ['10.0.0.1'] }, problem: undefined },
    { reason: 'refuses servers with mail addresses', signer: KUBELET_SERVING, usages: servingUsages, of: { dnsNames: ['n1'], emailAddresses: ['a@b.c'] }, problem: 'Email subjectAltNames are not allowed' },
    { reason: 'refuses servers with URIs', signer: KUBELET_SERVING, usages: servingUsages, of: { dnsNames: ['n1'], uris: ['x:y'] }, problem: 'URI subjectAltNames are not allowed' },
    { reason: 'refuses servers under another name', signer: KUBELET_SERVING, usages: servingUsages, of: { dnsNames: ['n1'], commonName: 'n1' }, problem: 'subject common name does not begin with system:node:' },
    { reason: 'refuses servers with other usages', signer: KUBELET_SERVING, usages: clientUsages, of: { dnsNames: ['n1'] }, problem: 'usages did not match [digital signature key encipherment server auth]' },
    { reason: 'signs anything of the time before signers', signer: LEGACY_UNKNOWN, usages: ['server auth'], of: { uris: ['x'] }, problem: undefined },
  ])('$reason', ({ signer, usages, of, problem }) => expect(signerProblem(request(signer, usages), asked(of))).toBe(problem));

  it('is asked for approval by the right that fits', () => {
    const rights = (spec: Partial<certificatesv1.CertificateSigningRequestSpec>): string[] => approvalRule(request(KUBELET_CLIENT, clientUsages, spec), asked()).map(({ subresource }) => subresource);
    expect(rights({ username: 'system:node:n1' })).toEqual(['selfnodeclient', 'nodeclient']);
    expect(rights({ username: 'system:bootstrap:abcdef' })).toEqual(['nodeclient']);
    expect(approvalRule(request(CLIENT, clientUsages), asked())).toEqual([]);
  });
});

describe('the CA of a signer', () => {
  const config = (flags: Record<string, string>): ControllerConfig => flags as unknown as ControllerConfig;
  const common = { clusterSigningCertFile: 'c', clusterSigningKeyFile: 'k' };
  const serving = { clusterSigningKubeletServingCertFile: 'sc', clusterSigningKubeletServingKeyFile: 'sk' };

  it('is the common one, unless one of them has its own', () => {
    expect([...signerFiles(config(common)).keys()].sort()).toEqual([CLIENT, KUBELET_CLIENT, KUBELET_SERVING, LEGACY_UNKNOWN].sort());
    expect([...signerFiles(config(serving))]).toEqual([[KUBELET_SERVING, { certFile: 'sc', keyFile: 'sk' }]]);
    expect(signerFiles(config({})).size).toBe(0);
    expect(() => signerFiles(config({ ...common, ...serving }))).toThrow('cannot specify --cluster-signing-{cert,key}-file and other --cluster-signing-*-file flags at the same time');
    expect(() => signerFiles(config({ clusterSigningCertFile: 'c' }))).toThrow('need both a certificate and a key');
  });

  it.each([
    { reason: 'as long as it may', asked: undefined, expected: 3_600_000 },
    { reason: 'no longer than it may', asked: 7_200, expected: 3_600_000 },
    { reason: 'ten minutes at least', asked: 60, expected: 600_000 },
    { reason: 'as long as was asked', asked: 1_800, expected: 1_800_000 },
  ])('makes certificates that live $reason', ({ asked: seconds, expected }) => expect(lifeMs(seconds, 3_600_000)).toBe(expected));
});

describe('a request', () => {
  const now = Date.parse('2026-01-02T00:00:00Z');
  const at = (hoursAgo: number): string => formatTime(now - hoursAgo * 3_600_000);
  const decided = (type: string, hoursAgo: number, certificate?: string): Request => ({
    ...request(CLIENT, clientUsages), metadata: { name: 'csr', creationTimestamp: at(48) },
    status: { conditions: [{ type, status: 'True', lastUpdateTime: at(hoursAgo) }], ...(certificate === undefined ? {} : { certificate }) },
  });
  it.each<{ reason: string; given: Request; outdated: boolean }>([
    { reason: 'that waits for an hour stays', given: { ...request(CLIENT, []), metadata: { creationTimestamp: at(1) } }, outdated: false },
    { reason: 'that waits for a day goes', given: { ...request(CLIENT, []), metadata: { creationTimestamp: at(25) } }, outdated: true },
    { reason: 'that was just denied stays', given: decided('Denied', 0.5), outdated: false },
    { reason: 'that was denied goes', given: decided('Denied', 2), outdated: true },
    { reason: 'that its signer gave up goes', given: decided('Failed', 2), outdated: true },
    { reason: 'that is approved and not signed stays', given: decided('Approved', 30), outdated: false },
    { reason: 'whose certificate has been fetched goes', given: decided('Approved', 2, 'bm9uZQ=='), outdated: true },
    { reason: 'that was denied after it was signed goes', given: decided('Denied', 2, 'bm9uZQ=='), outdated: true },
    { reason: 'of which somebody has said something waits no more, and stays', given: decided('example.com/Seen', 30), outdated: false },
  ])('$reason', ({ given, outdated }) => expect(isOutdated(given, now)).toBe(outdated));
});

describe('requests for certificates', () => {
  let directory: string;
  let world: ControllerWorld;
  let authority: CertificateAuthority;
  let allowed: boolean;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'csr-'));
    const files = { clusterSigningCertFile: join(directory, 'ca.crt'), clusterSigningKeyFile: join(directory, 'ca.key') };
    world = new ControllerWorld(files);
    authority = await CertificateAuthority.create('ca', world.clock);
    writeFileSync(files.clusterSigningCertFile, authority.cert);
    writeFileSync(files.clusterSigningKeyFile, authority.key);
    allowed = true;
    const create = world.api.create.bind(world.api);
    // Reviews are answered, not stored.
    world.api.create = (type, namespace, object) => (type.resource === 'subjectaccessreviews' ? { ...object, status: { allowed } } : create(type, namespace, object)) as typeof object;
  });
  afterEach(async () => {
    await world.stop();
    rmSync(directory, { recursive: true });
  });

  const ask = async (
    spec: Partial<certificatesv1.CertificateSigningRequestSpec>,
    subject: { commonName: string; organizations: string[]; hosts?: string[] } = { commonName: 'system:node:n1', organizations: ['system:nodes'] },
  ): Promise<void> => {
    const { csr } = await createCertificateRequest(subject);
    world.create(certificates.certificatesigningrequests, request(KUBELET_CLIENT, clientUsages, { request: Buffer.from(csr).toString('base64'), ...spec }));
  };
  const stored = (): Request => world.get(certificates.certificatesigningrequests, 'csr');
  /** Keys are signed with outside of the simulated time. */
  const signed = async (): Promise<void> => {
    for (let turn = 0; turn < 200 && stored().status?.certificate === undefined && stored().status?.conditions?.some(({ type }) => type === 'Failed') !== true; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      await world.settle();
    }
  };

  it('of kubelets are approved and signed', async () => {
    await ask({ username: 'system:bootstrap:abcdef', expirationSeconds: 3_600 });
    await world.run(approvingController, signingController);
    await signed();
    expect(stored().status?.conditions).toMatchObject([{ type: 'Approved', status: 'True', reason: 'AutoApproved', message: 'Auto approving kubelet client certificate after SubjectAccessReview.' }]);
    const certificate = new X509Certificate(Buffer.from(stored().status?.certificate ?? '', 'base64'));
    expect(certificate.subject).toBe('O=system:nodes\nCN=system:node:n1');
    expect(authority.signed(certificate.toString())).toBe(true);
    expect(Date.parse(certificate.validTo) - world.clock.now()).toBe(3_600_000);
  });

  it.each([
    { names: 'its own', hosts: ['n1', '10.0.0.7'], signs: true },
    { names: 'another\'s', hosts: ['n2'], signs: false },
  ])('of kubelets that want to serve under $names are approved: $signs', async ({ hosts, signs }) => {
    world.create(core.nodes, { metadata: { name: 'n1' }, status: { addresses: [{ type: 'InternalIP', address: '10.0.0.7' }] } });
    await ask({ signerName: KUBELET_SERVING, usages: ['digital signature', 'server auth'], username: 'system:node:n1' }, { commonName: 'system:node:n1', organizations: ['system:nodes'], hosts });
    await world.run(approvingController, signingController);
    await (signs ? signed() : world.settle());
    expect(stored().status?.certificate !== undefined).toBe(signs);
  });

  it('of those who have no right to it wait for somebody to decide', async () => {
    allowed = false;
    await ask({ username: 'jane' });
    await world.run(approvingController, signingController);
    await world.settle();
    expect(stored().status).toBeUndefined();
  });

  it('that the signer refuses say why', async () => {
    await ask({ signerName: CLIENT, usages: ['server auth'] }, { commonName: 'jane', organizations: [] });
    world.change(certificates.certificatesigningrequests, 'csr', (object) => (object.status = { conditions: [{ type: 'Approved', status: 'True' }] }), 'status');
    await world.run(signingController);
    await signed();
    expect(stored().status?.conditions?.[1]).toMatchObject({ type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message: 'invalid usage for client certificate: server auth' });
  });

  it('that nobody needs any more are removed', async () => {
    await ask({});
    await world.run(certificateCleaner);
    await world.clock.advance(25 * 3_600_000);
    await world.settle();
    expect(world.all(certificates.certificatesigningrequests)).toEqual([]);
  });
});
