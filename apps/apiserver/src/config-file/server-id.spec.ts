import { apiserverId } from './server-id';

it('names a server by its host, always the same', () => {
  expect(apiserverId('master-1')).toMatch(/^apiserver-[a-z2-7]{26}$/);
  expect(apiserverId('master-1')).toBe(apiserverId('master-1'));
  expect(apiserverId('master-1')).not.toBe(apiserverId('master-2'));
});

it('hashes the host and the component, each after its length', () => {
  // printf '\0\1a\0\16kube-apiserver' | sha256sum, of which 16 bytes go into base32
  expect(apiserverId('a')).toBe('apiserver-2tpgmlbwcz6wvzejdfn7mej2p4');
});
