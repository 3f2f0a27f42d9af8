import { type certificatesv1beta1, type corev1 } from '@navarch/api';
import { notFound } from '@navarch/apimachinery';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { aPod } from '../testing/pod-bench';
import { RecordedEvents } from '../testing/recorded-events';
import { type CredentialBundle } from './certificate-state';
import { PodCertificates } from './pod-certificates';

const minute = 60_000;
const certificate = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

describe('PodCertificates', () => {
  let clock: FakeClock;
  let events: RecordedEvents;
  let requests: certificatesv1beta1.PodCertificateRequest[];
  let answered: string[];
  let stopping: AbortController;
  let createFails: string | undefined;
  let certificates: PodCertificates;
  const pod = aPod({ serviceAccountName: 'robot' }, { uid: 'uid-1' });
  const projection: corev1.PodCertificateProjection = { signerName: 'example.com/s', keyType: 'ED25519', maxExpirationSeconds: 7200, userAnnotations: { 'example.com/a': 'b' } };
  const bundle = (): Promise<CredentialBundle> => certificates.bundle(pod, { volume: 'v', source: 0 }, projection);

  beforeEach(() => {
    [clock, events, requests, answered, stopping, createFails] = [new FakeClock(), new RecordedEvents(), [], [], new AbortController(), undefined];
    certificates = new PodCertificates({
      nodeName: 'node-1', nodeUid: () => 'node-uid', events, clock, log: silentLogger, random: () => 0, signal: stopping.signal, onAnswer: (uid) => answered.push(uid),
      api: {
        serviceAccountUid: (_namespace, name) => Promise.resolve(`${name}-uid`),
        create: (request) => {
          if (createFails !== undefined) return Promise.reject(new Error(createFails));
          requests.push({ ...request, metadata: { ...request.metadata, name: `req-${requests.length + 1}` } });
          return Promise.resolve(requests.at(-1)!);
        },
        get: (_namespace, name) => {
          const found = requests.find(({ metadata }) => metadata.name === name);
          return found ? Promise.resolve(found) : Promise.reject(notFound({ group: 'certificates.k8s.io', resource: 'podcertificaterequests' }, name));
        },
      },
    });
  });

  const answer = async (status: certificatesv1beta1.PodCertificateRequestStatus): Promise<void> => {
    requests[requests.length - 1] = { ...requests.at(-1)!, status };
    await clock.advance(1_000);
  };
  const condition = (type: string, reason = 'Said', message = 'so'): certificatesv1beta1.PodCertificateRequestStatus => ({ conditions: [{ type, status: 'True', reason, message, lastTransitionTime: '' }] });
  const at = (ms: number): string => new Date(clock.now() + ms).toISOString();
  const issue = (chain = certificate): Promise<void> => answer({ ...condition('Issued'), certificateChain: chain, beginRefreshAt: at(30 * minute), notAfter: at(60 * minute) });
  const states = (): string[] => certificates.states.map(({ state }) => state);

  it('asks once, in the pod\'s name, and has the certificate when its signer has answered', async () => {
    await expect(bundle()).rejects.toThrow('credential bundle is not issued yet');
    await expect(bundle()).rejects.toThrow('credential bundle is not issued yet');
    expect(requests).toEqual([expect.objectContaining({
      metadata: { namespace: 'default', name: 'req-1', generateName: 'req-', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'uid-1' }] },
      spec: {
        signerName: 'example.com/s', podName: 'web', podUID: 'uid-1', serviceAccountName: 'robot', serviceAccountUID: 'robot-uid', nodeName: 'node-1', nodeUID: 'node-uid',
        maxExpirationSeconds: 7200, unverifiedUserAnnotations: { 'example.com/a': 'b' }, stubPKCS10Request: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/) as string,
      },
    })]);
    await clock.advance(5_000);
    expect([answered, states()]).toEqual([[], ['not_yet_issued']]);
    await issue(`signed by somebody\n-----BEGIN CERTIFICATE-----\nNote: mine\n\nAAAA\n-----END CERTIFICATE-----\n\n${certificate}`);
    expect([answered, states(), clock.pendingTimers]).toEqual([['uid-1'], ['fresh'], 0]);
    const { privateKey, certificateChain } = await bundle();
    expect([privateKey, certificateChain]).toEqual([expect.stringMatching(/^-----BEGIN PRIVATE KEY-----/), certificate + certificate]);
  });

  it('shows the old one until a new one has come', async () => {
    await bundle().catch(() => undefined);
    await issue();
    const first = await bundle();
    // A second has gone by since it was issued.
    await clock.advance(30 * minute - 1_001);
    await bundle();
    expect(requests).toHaveLength(1);
    await clock.advance(1);
    expect([(await bundle()).privateKey === first.privateKey, requests.length]).toEqual([true, 2]);
    await issue();
    expect((await bundle()).privateKey).not.toBe(first.privateKey);
    expect(events.lines).toEqual([]);
  });

  it('says once that a certificate is overdue, and that it has expired', async () => {
    await bundle().catch(() => undefined);
    await issue();
    createFails = 'no room';
    for (const minutes of [41, 1, 20, 1]) {
      await clock.advance(minutes * minute);
      await bundle();
    }
    expect(events.lines).toEqual(['CertificateOverdueForRefresh: PodCertificate refresh overdue', 'CertificateExpired: PodCertificate expired']);
    expect(states()).toEqual(['expired']);
  });

  it.each([
    ['Denied', 'Denied: PodCertificateRequest default/req-1 was denied, reason="Said", message="so"', 'PodCertificateRequest was permanently denied: reason="Said" message="so"'],
    ['Failed', 'Failed: PodCertificateRequest default/req-1 failed, reason="Said", message="so"', 'PodCertificateRequest was permanently failed: reason="Said" message="so"'],
  ])('asks never again when it was %s', async (type, event, error) => {
    await bundle().catch(() => undefined);
    await answer(condition(type));
    await expect(bundle()).rejects.toThrow(error);
    expect([events.lines, requests.length, states()]).toEqual([[event], 1, [type.toLowerCase()]]);
  });

  it('asks anew when its request is gone, or could not be made', async () => {
    createFails = 'no room';
    await expect(bundle()).rejects.toThrow('while creating initial PodCertificateRequest: no room');
    createFails = undefined;
    await bundle().catch(() => undefined);
    requests = [];
    await clock.advance(1_000);
    expect(answered).toEqual(['uid-1']);
    await bundle().catch(() => undefined);
    expect(requests).toHaveLength(1);
  });

  it('asks nothing any more for a pod that is gone, or when the kubelet stops', async () => {
    await bundle().catch(() => undefined);
    certificates.forgetPod('uid-1');
    expect([clock.pendingTimers, states()]).toEqual([0, []]);
    await bundle().catch(() => undefined);
    stopping.abort();
    expect(clock.pendingTimers).toBe(0);
  });
});
