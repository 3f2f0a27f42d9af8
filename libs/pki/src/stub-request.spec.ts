import { createPrivateKey } from 'node:crypto';
import { parseCertificateRequest } from './certificate-request';
import { publicKeyOf } from './keys';
import { createStubRequest } from './stub-request';

describe('createStubRequest', () => {
  // RSA4096 differs from RSA3072 by a number, and takes seconds to make.
  it.each([
    ['RSA3072', 'rsa', { modulusLength: 3072 }], ['ECDSAP256', 'ec', { namedCurve: 'prime256v1' }], ['ECDSAP384', 'ec', { namedCurve: 'secp384r1' }], ['ECDSAP521', 'ec', { namedCurve: 'secp521r1' }], ['ED25519', 'ed25519', {}],
  ])('makes a key of type %s and proves that it has it', async (keyType, type, details) => {
    const { privateKey, request } = await createStubRequest(keyType);
    const key = createPrivateKey(privateKey);
    expect([key.asymmetricKeyType, key.asymmetricKeyDetails]).toMatchObject([type, details]);
    // Parsing verifies the signature.
    const parsed = await parseCertificateRequest(`-----BEGIN CERTIFICATE REQUEST-----\n${request.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`);
    expect({ ...parsed, subject: parsed.subject.toString() }).toMatchObject({ subject: '', dnsNames: [], uris: [], publicKey: publicKeyOf(privateKey) });
    // A prime of an RSA key is a matter of luck.
  }, 60_000);

  it('refuses another', () => expect(createStubRequest('DSA')).rejects.toThrow('unknown key type "DSA"'));
});
