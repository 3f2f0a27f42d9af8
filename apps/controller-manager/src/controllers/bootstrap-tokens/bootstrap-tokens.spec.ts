import { core, type corev1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { ttlController, ttlSeconds } from '../ttl/controller';
import { tokenCleaner } from './cleaner';
import { bootstrapSigner } from './signer';
import { detachedSignature, signingToken } from './token';

const secret = (id: string, more: Record<string, string> = {}): corev1.Secret => ({
  metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' }, type: 'bootstrap.kubernetes.io/token',
  data: Object.fromEntries(Object.entries({ 'token-id': id, 'token-secret': '0123456789abcdef', 'usage-bootstrap-signing': 'true', ...more }).map(([name, value]) => [name, Buffer.from(value).toString('base64')])),
});

describe('a bootstrap token', () => {
  it.each<{ reason: string; given: corev1.Secret; signs: boolean }>([
    { reason: 'signs', given: secret('abcdef'), signs: true },
    { reason: 'that may only authenticate does not sign', given: secret('abcdef', { 'usage-bootstrap-signing': 'false' }), signs: false },
    { reason: 'that has ended does not sign', given: secret('abcdef', { expiration: '1999-01-01T00:00:00Z' }), signs: false },
    { reason: 'whose end is no time does not sign', given: secret('abcdef', { expiration: 'tomorrow' }), signs: false },
    { reason: 'whose end is a day only does not sign', given: secret('abcdef', { expiration: '2027-01-01' }), signs: false },
    { reason: 'with an id that is none does not sign', given: secret('abcdefg'), signs: false },
    { reason: 'without a secret does not sign', given: secret('abcdef', { 'token-secret': '' }), signs: false },
    { reason: 'under another name does not sign', given: { ...secret('abcdef'), metadata: { name: 'x' } }, signs: false },
    { reason: 'of another type does not sign', given: { ...secret('abcdef'), type: 'Opaque' }, signs: false },
  ])('$reason', ({ given, signs }) => expect(signingToken(given, Date.parse('2026-01-01T00:00:00Z')) !== undefined).toBe(signs));

  it('signs without repeating the content', () => {
    const [header = '', content, signature] = detachedSignature('kubeconfig', { id: 'abcdef', secret: 's' }).split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'HS256', kid: 'abcdef' });
    expect(content).toBe('');
    expect(signature).toHaveLength(43);
  });
});

describe('the public facts of a cluster', () => {
  it('carry a signature of each token, as long as the token is there', async () => {
    const world = new ControllerWorld();
    const signatures = (): string[] => Object.keys(world.get(core.configmaps, 'cluster-info', 'kube-public').data ?? {}).sort();
    world.create(core.secrets, secret('abcdef'));
    world.create(core.configmaps, { metadata: { name: 'cluster-info', namespace: 'kube-public' }, data: { kubeconfig: 'x', 'jws-kubeconfig-gone': 'y' } });
    await world.run(bootstrapSigner, tokenCleaner);
    expect(signatures()).toEqual(['jws-kubeconfig-abcdef', 'kubeconfig']);
    world.create(core.secrets, secret('ghijkl', { expiration: new Date(world.clock.now() + 60_000).toISOString() }));
    await world.settle();
    expect(signatures()).toEqual(['jws-kubeconfig-abcdef', 'jws-kubeconfig-ghijkl', 'kubeconfig']);
    await world.clock.advance(61_000);
    await world.settle();
    expect(world.all(core.secrets).map(({ metadata }) => metadata.name)).toEqual(['bootstrap-token-abcdef']);
    expect(signatures()).toEqual(['jws-kubeconfig-abcdef', 'kubeconfig']);
    await world.stop();
  });
});

describe('how long kubelets keep what they read', () => {
  it.each([[1, 0, 0], [100, 0, 0], [101, 0, 15], [95, 15, 15], [950, 300, 60], [89, 15, 0], [1_000, 0, 30], [5_000, 0, 300]])('in a cluster of %d nodes, with %d s now: %d s', (nodes, present, seconds) => {
    expect(ttlSeconds(nodes, present)).toBe(seconds);
  });

  it('stands on every node', async () => {
    const world = new ControllerWorld();
    world.create(core.nodes, { metadata: { name: 'n1' } });
    await world.run(ttlController);
    expect(world.get(core.nodes, 'n1').metadata.annotations).toEqual({ 'node.alpha.kubernetes.io/ttl': '0' });
    await world.stop();
  });
});
