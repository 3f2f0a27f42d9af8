import { core, type corev1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import { ControllerWorld } from '../../testing/controller-world';
import { legacyTokenCleaner } from './controller';
import { planCleaning, type TokenFacts } from './unused-tokens';

const DAY = 24 * 60 * 60 * 1000;
const nowMs = Date.parse('2030-06-15T12:00:00Z');
const secret = (labels: Record<string, string> = {}, created = '2020-01-01T00:00:00Z'): corev1.Secret => ({
  metadata: { name: 'robot-token', namespace: 'default', creationTimestamp: created, labels, annotations: { 'kubernetes.io/service-account.name': 'robot' } }, type: 'kubernetes.io/service-account-token',
});
const account: corev1.ServiceAccount = { metadata: { name: 'robot', namespace: 'default' }, secrets: [{ name: 'robot-token' }] };
const facts = (given: corev1.Secret, more: Partial<TokenFacts> = {}): TokenFacts => ({ secrets: [given], pods: [], account: () => account, trackedSince: '2020-01-01', nowMs, periodMs: 365 * DAY, ...more });
const mounting: corev1.Pod = { metadata: { name: 'p', namespace: 'default' }, spec: { containers: [], volumes: [{ name: 'v', secret: { secretName: 'robot-token' } }] } };
const lastUsed = (day: string): Record<string, string> => ({ 'kubernetes.io/legacy-token-last-used': day });
const invalidSince = (day: string): Record<string, string> => ({ 'kubernetes.io/legacy-token-invalid-since': day });

describe('a token in a Secret', () => {
  it.each<{ reason: string; given: TokenFacts; becomes: 'invalid' | 'gone' | 'kept' }>([
    { reason: 'never used', given: facts(secret()), becomes: 'invalid' },
    { reason: 'not used for a year', given: facts(secret(lastUsed('2029-06-14'))), becomes: 'invalid' },
    { reason: 'used a year ago', given: facts(secret(lastUsed('2029-06-15'))), becomes: 'kept' },
    { reason: 'used at a time that is none', given: facts(secret(lastUsed('lately'))), becomes: 'kept' },
    { reason: 'made this year', given: facts(secret({}, '2030-01-01T00:00:00Z')), becomes: 'kept' },
    { reason: 'in a pod', given: facts(secret(), { pods: [mounting] }), becomes: 'kept' },
    { reason: 'by which a pod pulls its images', given: facts(secret(), { pods: [{ metadata: mounting.metadata, spec: { containers: [], imagePullSecrets: [{ name: 'robot-token' }] } }] }), becomes: 'kept' },
    { reason: 'in a variable of a pod', given: facts(secret(), { pods: [{ metadata: mounting.metadata, spec: { containers: [{ name: 'c', env: [{ name: 'T', valueFrom: { secretKeyRef: { name: 'robot-token', key: 'token' } } }] }] } }] }), becomes: 'kept' },
    { reason: 'on its way out', given: facts({ ...secret(), metadata: { ...secret().metadata, deletionTimestamp: 'x' } }), becomes: 'kept' },
    { reason: 'of an account that was made anew', given: facts({ ...secret(), metadata: { ...secret().metadata, annotations: { ...secret().metadata.annotations, 'kubernetes.io/service-account.uid': 'older' } } }), becomes: 'kept' },
    { reason: 'that somebody made by hand', given: facts(secret(), { account: () => ({ ...account, secrets: [] }) }), becomes: 'kept' },
    { reason: 'without an account', given: facts(secret(), { account: () => undefined }), becomes: 'kept' },
    { reason: 'of another type', given: facts({ ...secret(), type: 'Opaque' }), becomes: 'kept' },
    { reason: 'when uses were first noted a year ago', given: facts(secret(), { trackedSince: '2029-06-15' }), becomes: 'kept' },
    { reason: 'when uses were noted for a whole year', given: facts(secret(), { trackedSince: '2029-06-14' }), becomes: 'invalid' },
    { reason: 'when uses were not noted for a year', given: facts(secret(), { trackedSince: '2029-06-16' }), becomes: 'kept' },
    { reason: 'when uses are not noted', given: facts(secret(), { trackedSince: undefined }), becomes: 'kept' },
    { reason: 'invalid for less than a year', given: facts(secret(invalidSince('2029-06-15'))), becomes: 'kept' },
    { reason: 'invalid for longer', given: facts(secret(invalidSince('2029-06-14'))), becomes: 'gone' },
    { reason: 'invalid since a time that is none', given: facts(secret(invalidSince('x'))), becomes: 'invalid' },
    { reason: 'invalid, and used since', given: facts(secret({ ...invalidSince('2029-01-01'), ...lastUsed('2030-01-01') })), becomes: 'kept' },
  ])('$reason is $becomes', ({ given, becomes }) => {
    const { invalidate, remove } = planCleaning(given);
    expect([invalidate.length, remove.length]).toEqual([becomes === 'invalid' ? 1 : 0, becomes === 'gone' ? 1 : 0]);
  });

  it('is marked first and removed a period later', async () => {
    const world = new ControllerWorld({ legacyServiceAccountTokenCleanUpPeriod: 2 * DAY });
    world.create(core.configmaps, { metadata: { name: 'kube-apiserver-legacy-service-account-token-tracking', namespace: 'kube-system' }, data: { since: '2000-01-01' } });
    world.create(core.serviceaccounts, account);
    world.create(core.secrets, secret({}, formatTime(world.clock.now() - 3 * DAY)));
    await world.run(legacyTokenCleaner);
    expect(world.get(core.secrets, 'robot-token').metadata.labels).toEqual(invalidSince(new Date(world.clock.now()).toISOString().slice(0, 10)));
    for (let day = 0; day < 2; day++) await world.clock.advance(DAY);
    await world.settle();
    expect(world.all(core.secrets)).toHaveLength(1);
    for (let day = 0; day < 2; day++) await world.clock.advance(DAY);
    await world.settle();
    expect(world.all(core.secrets)).toEqual([]);
    await world.stop();
  });
});
