import { networking, type networkingv1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { serviceCidrController } from './controller';

describe('ranges of Service addresses', () => {
  let world: ControllerWorld;
  beforeEach(() => (world = new ControllerWorld()));
  afterEach(() => world.stop());
  const range = (name: string, ...cidrs: string[]): networkingv1.ServiceCIDR => ({ metadata: { name }, spec: { cidrs } });
  const address = (name: string): networkingv1.IPAddress => ({ metadata: { name }, spec: { parentRef: { resource: 'services', name: 's' } } });
  const names = (): string[] => world.all(networking.servicecidrs).map(({ metadata }) => metadata.name ?? '');

  it('are ready, and kept from being deleted', async () => {
    world.create(networking.servicecidrs, range('kubernetes', '10.96.0.0/12'));
    await world.run(serviceCidrController);
    expect(world.get(networking.servicecidrs, 'kubernetes')).toMatchObject({
      metadata: { finalizers: ['networking.k8s.io/service-cidr-finalizer'] }, status: { conditions: [{ type: 'Ready', status: 'True', message: 'Kubernetes Service CIDR is ready' }] },
    });
  });

  it('stay as long as an address of them is in use that no other has', async () => {
    world.create(networking.servicecidrs, range('more', '10.200.0.0/24', 'fd00::/112'));
    world.create(networking.ipaddresses, address('10.200.0.7'));
    world.create(networking.ipaddresses, address('fd00::7'));
    await world.run(serviceCidrController);
    world.api.delete(networking.servicecidrs, '', 'more');
    await world.settle();
    expect(world.get(networking.servicecidrs, 'more').status?.conditions).toMatchObject([
      {
        type: 'Ready',
        status: 'False',
        reason: 'Terminating',
        message: 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
      },
    ]);
    world.api.delete(networking.ipaddresses, '', 'fd00::7');
    await world.settle();
    expect(names()).toContain('more');
    world.create(networking.servicecidrs, range('wider', '10.200.0.0/16'));
    await world.settle();
    expect(names()).toEqual(['wider']);
  });
});
