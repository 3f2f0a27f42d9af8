import type { certificatesv1beta1, KubeObject } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { CertificateAuthority, createStubRequest } from '@navarch/pki';
import { constants, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { podCertificateRules } from './pod-certificate-rule';

type Spec = Partial<certificatesv1beta1.PodCertificateRequestSpec>;
type Status = certificatesv1beta1.PodCertificateRequestStatus;

const RESOURCE = 'certificates.k8s.io/podcertificaterequests';
const clock = new FakeClock(Date.parse('2026-03-04T05:06:07Z'));
/** Certificates of the tests' authority begin five minutes before they are issued. */
const rules = podCertificateRules(new FakeClock(clock.now() - 1_000));
const podUID = 'pod-uid';

const told = (view: string, object: object, old?: object): string[] => rules[view]?.(object as KubeObject, old as KubeObject | undefined).map(({ message }) => message) ?? ['no rule'];
const request = (spec: Spec, status?: Status): object => ({ metadata: { name: 'r' }, spec: { podUID, maxExpirationSeconds: 86_400, ...spec }, ...(status ? { status } : {}) });

/** A key with a signature over a pod's uid, as kubelets before 1.36 sent them. */
function proven({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }, said = podUID): Spec {
  const isRsa = privateKey.asymmetricKeyType === 'rsa';
  const signature = sign(privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256', Buffer.from(said), isRsa ? { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : privateKey);
  return { pkixPublicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'), proofOfPossession: signature.toString('base64') };
}

describe('the key of a PodCertificateRequest', () => {
  const made = {
    ed25519: generateKeyPairSync('ed25519'), p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }), p521: generateKeyPairSync('ec', { namedCurve: 'P-521' }), rsa: generateKeyPairSync('rsa', { modulusLength: 3072 }),
  };

  it.each(Object.entries(made))('is taken with a proof: %s', (_name, pair) => {
    expect(told(RESOURCE, request(proven(pair)))).toEqual([]);
    expect(told(RESOURCE, request(proven(pair, 'other-uid')))).toEqual(['spec.proofOfPossession: Invalid value: could not verify proof-of-possession signature']);
    // What is stored stays.
    expect(told(RESOURCE, request(proven(pair, 'other-uid')), request({}))).toEqual([]);
  });

  it.each<[name: string, spec: () => Spec, said: RegExp]>([
    ['no key', () => ({ pkixPublicKey: 'AAAA', proofOfPossession: 'AAAA' }), /^spec\.pkixPublicKey: Invalid value: "AAAA": must be a valid PKIX-serialized public key$/],
    ['a curve that is too weak', () => proven(generateKeyPairSync('ec', { namedCurve: 'secp224r1' })), /^spec\.pkixPublicKey: Invalid value: "curve P-224": elliptic public keys must use curve P256 or P384$/],
    ['a curve that Go does not know', () => proven(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })), /: must be a valid PKIX-serialized public key$/],
    ['a short RSA key', () => proven(generateKeyPairSync('rsa', { modulusLength: 2048 })), /^spec\.pkixPublicKey: Invalid value: "2048-bit modulus": RSA keys must have modulus size 3072 or 4096$/],
    ['a key that does not sign', () => ({ pkixPublicKey: generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' }).toString('base64'), proofOfPossession: 'AAAA' }), /: unknown public key type; supported types are Ed25519, ECDSA, and RSA$/],
    ['no PKCS #10 request', () => ({ stubPKCS10Request: 'AAAA' }), /^spec\.stubPKCS10Request: Invalid value: "AAAA": must be a valid PKCS#10 CSR$/],
  ])('is none: %s', (_name, spec, said) => {
    expect(told(RESOURCE, request(spec()))).toEqual([expect.stringMatching(said)]);
  });

  it('is taken from a PKCS #10 request that it has signed', async () => {
    const { request: signed } = await createStubRequest('ECDSAP384');
    expect(told(RESOURCE, request({ stubPKCS10Request: signed.toString('base64') }))).toEqual([]);
    // The last byte is one of the signature.
    const forged = Buffer.from(signed);
    forged.writeUInt8(forged.readUInt8(forged.length - 1) ^ 1, forged.length - 1);
    expect(told(RESOURCE, request({ stubPKCS10Request: forged.toString('base64') }))).toEqual(['spec.stubPKCS10Request: Invalid value: could not verify proof-of-possession signature']);
  });
});

describe('the answer to a PodCertificateRequest', () => {
  let authority: CertificateAuthority;
  let asked: object;
  let publicKey: string;
  let leaf: string;
  const [notBefore, notAfter] = ['2026-03-04T05:01:07Z', '2026-03-05T05:01:07Z'];

  beforeAll(async () => {
    authority = await CertificateAuthority.create('signer', clock);
    const issued = await authority.issue({ commonName: 'pod', usages: ['client auth'], hosts: ['pod.example.com'], validityMs: 86_400_000 - 300_000 });
    leaf = issued.cert;
    const key = createPublicKey(issued.key);
    publicKey = key.export({ type: 'spki', format: 'der' }).toString('base64');
    asked = request({ pkixPublicKey: publicKey });
  });

  const answer = (certificateChain: string, more: Partial<Status> = {}, spec: Spec = {}): string[] =>
    told(`${RESOURCE}/status`, request({ pkixPublicKey: publicKey, ...spec }, { conditions: [{ type: 'Issued', status: 'True', reason: 'R', message: '', lastTransitionTime: '' }], certificateChain, notBefore, notAfter, ...more }), asked)
      .map((message) => message.replace(/"-----BEGIN.*-----\\n"/, '"PEM"'));

  it('is a certificate of its key that begins now, and those of its authority', () => {
    expect(answer(leaf)).toEqual([]);
    expect(answer(`${leaf}${authority.cert}`)).toEqual([]);
  });

  it('is no other', async () => {
    expect(answer('nothing')).toEqual(['status.certificateChain: Invalid value: "nothing": issued certificate chain must contain at least one certificate']);
    expect(answer(leaf.replaceAll('CERTIFICATE', 'SECRET'))).toEqual(['status.certificateChain: Invalid value: "PEM": issued certificate chain must consist entirely of CERTIFICATE PEM blocks']);
    expect(answer('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')).toEqual(['status.certificateChain: Invalid value: "PEM": leaf certificate does not parse as valid X.509']);
    expect(answer(authority.cert)).toEqual(['status.certificateChain: Invalid value: "PEM": leaf certificate was not issued to the requested public key']);
    expect(answer(`${leaf}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`)).toEqual(['status.certificateChain: Invalid value: "PEM": intermediate certificate does not parse as valid X.509']);
    const { cert } = await authority.issue({ commonName: 'pod', usages: ['client auth'], hosts: ['pod..example.com', '.example.com'] });
    expect(answer(cert)).toEqual([
      "status.certificateChain: Invalid value: \"pod..example.com\": leaf certificate's DNSName should not contain '..'",
      "status.certificateChain: Invalid value: \".example.com\": leaf certificate's DNSName should not start or end with '.'",
    ]);
  });

  it('tells the times that the certificate has', () => {
    expect(answer(leaf, { notBefore: '2026-03-04T05:01:08Z' })).toEqual(['status.notBefore: Invalid value: "2026-03-04T05:01:08Z": must be set to the NotBefore time encoded in the leaf certificate']);
    expect(answer(leaf, { notAfter: notBefore })).toEqual([`status.notAfter: Invalid value: "${notBefore}": must be set to the NotAfter time encoded in the leaf certificate`]);
    expect(answer(leaf, {}, { maxExpirationSeconds: 3600 })).toEqual(['status.certificateChain: Invalid value: 86400000000000: leaf certificate lifetime must be <= spec.maxExpirationSeconds (3600)']);
  });

  it('is late when it does not begin within five minutes', () => {
    const later = podCertificateRules(new FakeClock(clock.now()));
    const late = request({ pkixPublicKey: publicKey }, { conditions: [{ type: 'Issued', status: 'True', reason: 'R', message: '', lastTransitionTime: '' }], certificateChain: leaf, notBefore, notAfter });
    expect(later[`${RESOURCE}/status`]?.(late as KubeObject, asked as KubeObject).map(({ message }) => message)).toEqual([`status.notBefore: Invalid value: "${notBefore}": must be set to within 5 minutes of kube-apiserver's current time`]);
  });

  it('is not looked at where nothing is issued', () => {
    expect(told(`${RESOURCE}/status`, request({}, { conditions: [{ type: 'Denied', status: 'True', reason: 'R', message: '', lastTransitionTime: '' }] }), asked)).toEqual([]);
  });
});
