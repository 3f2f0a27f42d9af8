import { legacyTokenClaims, legacyTokenSubject } from './legacy-token-claims';

const subject = { namespace: 'default', secretName: 'robot-token', serviceAccount: { name: 'robot', uid: 'u1' } };
const claims = legacyTokenClaims(subject);

describe('claims of a token in a Secret', () => {
  it('are upstream\'s, and read back', () => {
    expect(claims).toEqual({
      'iss': 'kubernetes/serviceaccount', 'sub': 'system:serviceaccount:default:robot', 'kubernetes.io/serviceaccount/namespace': 'default',
      'kubernetes.io/serviceaccount/secret.name': 'robot-token', 'kubernetes.io/serviceaccount/service-account.name': 'robot', 'kubernetes.io/serviceaccount/service-account.uid': 'u1',
    });
    expect(legacyTokenSubject(claims)).toEqual(subject);
  });

  it.each([
    ['sub', 'sub claim is missing'], ['kubernetes.io/serviceaccount/namespace', 'namespace claim is missing'], ['kubernetes.io/serviceaccount/secret.name', 'secretName claim is missing'],
    ['kubernetes.io/serviceaccount/service-account.name', 'serviceAccountName claim is missing'], ['kubernetes.io/serviceaccount/service-account.uid', 'serviceAccountUID claim is missing'],
  ])('are refused without %s', (name, error) => {
    expect(() => legacyTokenSubject({ ...claims, [name]: undefined })).toThrow(error);
  });

  it('are refused when they contradict each other', () => {
    expect(() => legacyTokenSubject({ ...claims, sub: 'system:serviceaccount:kube-system:admin' })).toThrow('sub claim is invalid');
  });
});
