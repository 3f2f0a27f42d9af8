import { FakeClock, systemClock } from '@navarch/clock';
import { CertificateAuthority } from '@navarch/pki';
import { combinedFacts } from './authentication-facts';

it('adds what this server believes to what others do, and forgets authorities that have expired', async () => {
  const [old, other, own] = await Promise.all([CertificateAuthority.create('old', new FakeClock(0)), CertificateAuthority.create('other', systemClock), CertificateAuthority.create('own', systemClock)]);
  const found = { 'client-ca-file': `${old.cert}\n${other.cert}`, 'requestheader-allowed-names': '["a","b"]', 'requestheader-group-headers': 'nonsense', more: 'kept' };
  const told = combinedFacts(found, { 'client-ca-file': own.cert, 'requestheader-allowed-names': '["b","c"]', 'requestheader-group-headers': '["X-Remote-Group"]', 'requestheader-uid-headers': '[]' }, systemClock.now());
  expect(told).toMatchObject({ 'requestheader-allowed-names': '["a","b","c"]', 'requestheader-group-headers': '["X-Remote-Group"]', 'requestheader-uid-headers': '[]', more: 'kept' });
  const plain = (pem: string): string => pem.replaceAll(/\s/g, '');
  expect(plain(told['client-ca-file'] ?? '')).toBe(plain(other.cert) + plain(own.cert));
  expect(combinedFacts(told, { 'client-ca-file': own.cert }, systemClock.now())).toEqual(told);
  expect(combinedFacts({ 'client-ca-file': 'nonsense' }, { 'client-ca-file': own.cert }, systemClock.now())['client-ca-file']).toContain('BEGIN CERTIFICATE');
});
