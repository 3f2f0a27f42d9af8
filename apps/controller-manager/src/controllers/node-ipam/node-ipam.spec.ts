import { core } from '@navarch/api';
import { internalError, timeout } from '@navarch/apimachinery';
import { ControllerWorld } from '../../testing/controller-world';
import { nodeIpamController } from './controller';

describe('nodes', () => {
  it('get a part each, which a new node may have when the old one is gone', async () => {
    const world = new ControllerWorld({ clusterCidr: '10.244.0.0/23' });
    world.create(core.nodes, { metadata: { name: 'old' }, spec: { podCIDR: '10.244.0.0/24' } });
    world.create(core.nodes, { metadata: { name: 'new' }, spec: {} });
    await world.run(nodeIpamController);
    expect(world.get(core.nodes, 'new').spec).toMatchObject({ podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] });
    world.create(core.nodes, { metadata: { name: 'third' }, spec: {} });
    await world.clock.advance(1_000);
    expect(world.get(core.nodes, 'third').spec?.podCIDR).toBeUndefined();
    expect(world.eventsOf('third')[0]).toBe('CIDRNotAvailable: Node third status is now: CIDRNotAvailable');
    world.api.delete(core.nodes, '', 'old');
    await world.clock.advance(60_000);
    expect(world.get(core.nodes, 'third').spec?.podCIDR).toBe('10.244.0.0/24');
    await world.stop();
  });

  it('say so when their part cannot be written', async () => {
    const world = new ControllerWorld();
    world.create(core.nodes, { metadata: { name: 'a' }, spec: {} });
    world.transport.beforeWrite = ({ operation }) => {
      if (operation?.$case === 'patch') throw internalError('refused by the test');
    };
    await world.run(nodeIpamController);
    expect(world.eventsOf('a')[0]).toBe('CIDRAssignmentFailed: Node a status is now: CIDRAssignmentFailed');
    await world.stop();
  });

  it('never share a part though the outcome of a write is unknown', async () => {
    const world = new ControllerWorld();
    for (const name of ['a', 'b', 'c']) world.create(core.nodes, { metadata: { name }, spec: {} });
    let lost = false;
    world.transport.beforeWrite = () => {
      if (!lost) throw timeout('lost');
      lost = true;
    };
    await world.run(nodeIpamController);
    world.transport.beforeWrite = undefined;
    await world.clock.advance(10_000);
    expect(new Set(world.all(core.nodes).map(({ spec }) => spec?.podCIDR)).size).toBe(3);
    await world.stop();
  });

  it('get a part of each family, or none of either', async () => {
    const world = new ControllerWorld({ clusterCidr: '10.244.0.0/23,fd00:10:244::/64', serviceClusterIpRange: '10.96.0.0/12,fd00:10:96::/112' });
    for (const name of ['a', 'b']) world.create(core.nodes, { metadata: { name }, spec: {} });
    await world.run(nodeIpamController);
    expect(world.all(core.nodes).map(({ spec }) => spec?.podCIDRs)).toEqual([['10.244.0.0/24', 'fd00:10:244::/64'], undefined]);
    await world.stop();
  });

  it.each<[string, { clusterCidr: string; serviceClusterIpRange?: string }, string | undefined]>([
    ['all of it', { clusterCidr: '10.96.0.0/16' }, undefined],
    ['a part of it', { clusterCidr: '10.0.0.0/8', serviceClusterIpRange: '10.0.0.0/12' }, '10.16.0.0/24'],
    ['less than the part of a node', { clusterCidr: '10.0.0.0/8', serviceClusterIpRange: '10.0.0.0/26' }, '10.0.1.0/24'],
    ['none of it', { clusterCidr: '10.0.0.0/8', serviceClusterIpRange: '11.0.0.0/12' }, '10.0.0.0/24'],
  ])('get no addresses of Services, which have %s', async (_, config, expected) => {
    const world = new ControllerWorld(config);
    world.create(core.nodes, { metadata: { name: 'a' }, spec: {} });
    await world.run(nodeIpamController);
    expect(world.get(core.nodes, 'a').spec?.podCIDR).toBe(expected);
    await world.stop();
  });

  it('get no addresses of a node whose part was cut to another size', async () => {
    const world = new ControllerWorld({ clusterCidr: '10.244.0.0/22', nodeCidrMaskSize: 25 });
    world.create(core.nodes, { metadata: { name: 'old' }, spec: { podCIDR: '10.244.0.0/23', podCIDRs: ['10.244.0.0/23'] } });
    world.create(core.nodes, { metadata: { name: 'new' }, spec: {} });
    await world.run(nodeIpamController);
    expect(world.get(core.nodes, 'new').spec?.podCIDR).toBe('10.244.2.0/25');
    await world.stop();
  });
});
