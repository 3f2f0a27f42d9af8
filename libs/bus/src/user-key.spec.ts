import { fromPublic } from '@nats-io/nkeys';
import { UserKey, userNkey } from './user-key';

describe('UserKey', () => {
  it('names and proves itself as NATS\' own library understands it', () => {
    const key = new UserKey();
    const theirs = fromPublic(key.publicKey);
    expect(theirs.getPublicKey()).toBe(key.publicKey);
    expect(theirs.verify(Buffer.from('challenge'), Buffer.from(key.sign('challenge'), 'base64url'))).toBe(true);
    expect(theirs.verify(Buffer.from('another'), Buffer.from(key.sign('challenge'), 'base64url'))).toBe(false);
  });

  it('writes every key so that its checksum holds', () => {
    for (const fill of [0x00, 0x01, 0x7f, 0x80, 0xff]) expect(() => fromPublic(userNkey(Buffer.alloc(32, fill)))).not.toThrow();
  });
});
