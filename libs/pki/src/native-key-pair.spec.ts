import { createAccount, fromPublic } from '@nats-io/jwt';
import { nativeKeyPair } from './native-key-pair';

it('signs as the key pair of NATS\' own library does', () => {
  for (let round = 0; round < 5; round++) {
    const theirs = createAccount();
    const ours = nativeKeyPair(Buffer.from(theirs.getSeed()).toString());
    const input = Buffer.from(`claims ${round}`);
    expect(ours.getPublicKey()).toBe(theirs.getPublicKey());
    expect(Buffer.from(ours.sign(input))).toEqual(Buffer.from(theirs.sign(input)));
    expect(fromPublic(ours.getPublicKey()).verify(input, ours.sign(input))).toBe(true);
  }
});

it('refuses what is not a seed', () => {
  expect(() => nativeKeyPair(createAccount().getPublicKey())).toThrow();
});
