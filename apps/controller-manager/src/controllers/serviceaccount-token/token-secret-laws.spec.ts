import type { corev1 } from '@navarch/api';
import fc from 'fast-check';
import { accountOf, isOf, needsContent, TOKEN_SECRET, withContent, withoutReference } from './token-secret';

const uid = fc.constantFrom('u1', 'u2');
const account = fc.record({ namespace: fc.constantFrom('a', 'b'), name: fc.constantFrom('x', 'y'), uid }).map((metadata): corev1.ServiceAccount => ({ metadata }));
const text = fc.option(fc.constantFrom('', Buffer.from('mine').toString('base64')), { nil: undefined });
const secret = fc.record({
  type: fc.constantFrom(TOKEN_SECRET, 'Opaque'), namespace: fc.constantFrom('a', 'b'), account: fc.constantFrom('x', 'y', ''), uid: fc.option(fc.constantFrom('', 'u1', 'u2'), { nil: undefined }),
  token: text, ca: text, inNamespace: text,
}).map((drawn): corev1.Secret => ({
  type: drawn.type,
  metadata: { namespace: drawn.namespace, name: 's', annotations: { other: 'kept', 'kubernetes.io/service-account.name': drawn.account, ...(drawn.uid === undefined ? {} : { 'kubernetes.io/service-account.uid': drawn.uid }) } },
  data: { more: 'kept', ...(drawn.token === undefined ? {} : { token: drawn.token }), ...(drawn.ca === undefined ? {} : { 'ca.crt': drawn.ca }), ...(drawn.inNamespace === undefined ? {} : { namespace: drawn.inNamespace }) },
}));
const decoded = (value: string | undefined): string => Buffer.from(value ?? '', 'base64').toString();

describe('a Secret for an account\'s token', () => {
  it('is whole once it is filled in, and keeps what it had', () => {
    fc.assert(fc.property(secret, account, (before, owner) => {
      if (!isOf(before, owner)) return;
      const after = withContent(before, owner, 'the ca', 'a new token');
      expect(needsContent(after, 'the ca')).toBe(false);
      expect([isOf(after, owner), accountOf(after)?.uid]).toEqual([true, owner.metadata.uid]);
      expect(decoded(after.data?.['token'])).toBe(before.data?.['token'] ? 'mine' : 'a new token');
      expect([decoded(after.data?.['ca.crt']), after.data?.['more'], after.metadata.annotations?.['other']]).toEqual(['the ca', 'kept', 'kept']);
      expect(withContent(after, owner, 'the ca', 'another')).toEqual(after);
    }));
  });

  it('is of one account at most among those that had its name, once it names a uid', () => {
    fc.assert(fc.property(secret, account, (drawn, owner) => {
      const successor: corev1.ServiceAccount = { metadata: { ...owner.metadata, uid: `${owner.metadata.uid ?? ''}'` } };
      const named = (accountOf(drawn)?.uid ?? '') !== '';
      if (named) expect(isOf(drawn, owner) && isOf(drawn, successor)).toBe(false);
      if (drawn.type !== TOKEN_SECRET || drawn.metadata.namespace !== owner.metadata.namespace) expect(isOf(drawn, owner)).toBe(false);
    }));
  });

  it('is referred to no more once it is gone, and the others still are', () => {
    fc.assert(fc.property(account, fc.array(fc.constantFrom('s', 't', 'u')), fc.constantFrom('s', 't'), (owner, referred, gone) => {
      const after = withoutReference({ ...owner, secrets: referred.map((name) => ({ name })) }, gone);
      if (referred.includes(gone)) expect(after?.secrets?.map(({ name }) => name)).toEqual(referred.filter((name) => name !== gone));
      else expect(after).toBeUndefined();
    }));
  });
});
