import { FakeClock, systemClock } from '@navarch/clock';
import { CertificateAuthority } from '@navarch/pki';
import { nodev1 } from '@navarch/proto';
import { NodeConnections } from './node-connections';

it('closes a channel that nobody has asked for, but never under a call, however silent', async () => {
  const clock = new FakeClock();
  const ca = await CertificateAuthority.create('test-ca', systemClock);
  const tls = { ...(await ca.issue({ commonName: 'kube-apiserver', usages: ['client auth'] })), ca: ca.cert };
  const node = { metadata: { name: 'n', annotations: { 'navarch.io/node-service': '127.0.0.1:1' } } };
  const connections = new NodeConnections({ reader: { get: () => node } as never, clock, tls });
  const service = connections.service('n');
  const attached = new AbortController();
  // Nobody listens there: the call waits, as one to a silent terminal does.
  const silent = service?.logs(nodev1.LogsRequest.fromPartial({}), { waitForReady: true, signal: attached.signal })[Symbol.asyncIterator]().next();
  await clock.advance(11 * 60_000);
  expect(connections.service('n')).toBe(service);
  attached.abort();
  await expect(silent).rejects.toThrow();
  await clock.advance(6 * 60_000);
  expect(connections.service('n')).not.toBe(service);
  await connections.stop();
});
