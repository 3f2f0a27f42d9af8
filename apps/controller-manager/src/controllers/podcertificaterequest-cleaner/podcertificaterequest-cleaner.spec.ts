import { certificates, type certificatesv1beta1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { podCertificateRequestCleaner } from './controller';

describe('requests of pods for certificates', () => {
  it('go a quarter of an hour after they were made, each by itself', async () => {
    const world = new ControllerWorld();
    const spec = {} as certificatesv1beta1.PodCertificateRequestSpec;
    world.create(certificates.podcertificaterequests, { metadata: { name: 'early', namespace: 'default' }, spec });
    await world.run(podCertificateRequestCleaner);
    await world.clock.advance(4 * 60_000);
    world.create(certificates.podcertificaterequests, { metadata: { name: 'late', namespace: 'default' }, spec });
    const names = (): (string | undefined)[] => world.all(certificates.podcertificaterequests).map(({ metadata }) => metadata.name);
    await world.clock.advance(10 * 60_000 + 59_000);
    await world.settle();
    expect(names()).toEqual(['early', 'late']);
    await world.clock.advance(60_000);
    await world.settle();
    expect(names()).toEqual(['late']);
    await world.clock.advance(5 * 60_000);
    await world.settle();
    expect(names()).toEqual([]);
    await world.stop();
  });
});
