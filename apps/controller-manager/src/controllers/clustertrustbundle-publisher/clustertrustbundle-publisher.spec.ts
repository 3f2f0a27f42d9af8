import { certificates, type certificatesv1beta1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { bundlePublisher } from './controller';
import { bundleName, planBundles } from './sync';

type Bundle = certificatesv1beta1.ClusterTrustBundle;

const SIGNER = 'example.com/web';
const bundle = (name: string, trustBundle: string, signerName = SIGNER): Bundle => ({ metadata: { name }, spec: { signerName, trustBundle } });

describe('the bundle of a signer', () => {
  const name = bundleName(SIGNER, 'ca');
  it('is named after the signer and what is in it', () => expect(name).toMatch(/^example\.com:web:[0-9a-f]{24}$/));

  it.each<{ reason: string; present: Bundle[]; write: 'create' | 'update' | undefined; remove: string[] }>([
    { reason: 'is made', present: [], write: 'create', remove: [] },
    { reason: 'is made beside those of others', present: [{ ...bundle('x', 'ca', 'example.com/other') }, { metadata: { name: 'y' }, spec: { trustBundle: 'ca' } }], write: 'create', remove: [] },
    { reason: 'is put right', present: [bundle(name, 'old')], write: 'update', remove: [] },
    { reason: 'takes the place of another', present: [bundle('example.com:web:old', 'ca')], write: 'create', remove: ['example.com:web:old'] },
    { reason: 'is the only one', present: [bundle(name, 'ca'), bundle('example.com:web:more', 'ca')], write: undefined, remove: ['example.com:web:more'] },
    { reason: 'is left alone when it is right', present: [bundle(name, 'ca')], write: undefined, remove: [] },
  ])('$reason', ({ present, write, remove }) => {
    const plan = planBundles(SIGNER, 'ca', present);
    expect(plan.write?.kind).toBe(write);
    if (plan.write !== undefined) expect(plan.write.bundle).toEqual(bundle(name, 'ca'));
    expect(plan.remove.map(({ metadata }) => metadata.name)).toEqual(remove);
  });

  it('of the apiserver is published, and comes back', async () => {
    const world = new ControllerWorld();
    await world.run(bundlePublisher);
    const found = (): string[] => world.all(certificates.clustertrustbundles).map(({ metadata, spec }) => `${metadata.name ?? ''} of ${spec.signerName ?? ''}`);
    const [published = ''] = found();
    expect(published).toMatch(/^kubernetes\.io:kube-apiserver-serving:[0-9a-f]{24} of kubernetes\.io\/kube-apiserver-serving$/);
    world.api.delete(certificates.clustertrustbundles, '', published.split(' ')[0] ?? '');
    world.create(certificates.clustertrustbundles, bundle('forged', 'x', 'kubernetes.io/kube-apiserver-serving'));
    await world.settle();
    expect(found()).toEqual([published]);
    expect((await world.metric('clustertrustbundle_publisher_sync_total'))['200']).toBeGreaterThan(0);
    await world.stop();
  });
});
