import { core, type corev1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import fc from 'fast-check';
import { nodeIpamController } from '../controllers/node-ipam/controller';
import { podGarbageCollector } from '../controllers/podgc/controller';
import { taintEvictionController } from '../controllers/taint-eviction/controller';
import { faults, Leaders } from '../testing/leaders';

const RUNS = { numRuns: 12 };
/** More than a clock can have been set back by then. */
const FORTH = 20 * 3_600_000;

describe('whatever befalls the leader, of nodes', () => {
  it('no two have one range of addresses, none gets another than its first', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([nodeIpamController], { clusterCidr: '10.244.0.0/21' });
      const { world } = leaders;
      const first = new Map<string | undefined, string>();
      const wrong: string[] = [];
      world.api.onEvent(({ resource, object: { metadata: { uid } } }) => {
        if (resource !== '/nodes') return;
        const nodes = world.all(core.nodes);
        const ranges = nodes.flatMap(({ spec }) => spec?.podCIDR ?? []);
        if (new Set(ranges).size < ranges.length) wrong.push(ranges.join());
        const range = nodes.find(({ metadata }) => metadata.uid === uid)?.spec?.podCIDR;
        if (range !== undefined && (first.get(uid) ?? range) !== range) wrong.push(`${range} in place of ${first.get(uid) ?? ''}`);
        if (range !== undefined) first.set(uid, range);
      });
      for (const name of ['a', 'b', 'c']) world.create(core.nodes, { metadata: { name }, spec: {} });
      await leaders.start();
      for (const [turn, fault] of befalls.entries()) {
        await leaders.befall(fault);
        if (turn === 1) world.api.delete(core.nodes, '', 'b');
        if (turn === 2) for (const name of ['b', 'd', 'e']) world.create(core.nodes, { metadata: { name }, spec: {} });
      }
      await leaders.recover();
      expect(wrong).toEqual([]);
      expect(leaders.world.all(core.nodes).every(({ spec }) => /^10\.244\.[0-7]\.0\/24$/.test(spec?.podCIDR ?? ''))).toBe(true);
      await leaders.world.stop();
    }), RUNS);
  }, 60_000);

  it('pods leave one with a taint when they no longer tolerate it, and not before; others stay', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([taintEvictionController]);
      const { world } = leaders;
      const pod = (name: string, nodeName: string, toleration?: corev1.Toleration): void =>
        void world.create(core.pods, {
          metadata: { name, namespace: 'default' },
          spec: { nodeName, containers: [], ...(toleration === undefined ? {} : { tolerations: [toleration] }) },
          status: { phase: 'Running' },
        });
      const going = (): string[] => world.all(core.pods).filter(({ metadata }) => metadata.deletionTimestamp !== undefined).map(({ metadata }) => metadata.name ?? '');
      for (const name of ['bad', 'good']) world.create(core.nodes, { metadata: { name } });
      const tolerates = { key: 'broken', operator: 'Exists' };
      pod('brief', 'bad', { ...tolerates, tolerationSeconds: 15 * 3600 });
      pod('none', 'bad');
      pod('patient', 'bad', tolerates);
      pod('elsewhere', 'good');
      await leaders.start();
      world.change(core.nodes, 'bad', (node) => (node.spec = { taints: [{ key: 'broken', effect: 'NoExecute', timeAdded: formatTime(world.clock.now()) }] }));
      for (const fault of befalls) {
        await leaders.befall(fault === 'kubelets' ? 'time' : fault);
        // The clock cannot have been set forth by more than all faults together.
        expect(going().filter((name) => name !== 'none')).toEqual([]);
      }
      world.clock.jump(FORTH);
      // Time that is waited for goes by, whatever the wall clock says.
      const { transport } = leaders.world;
      transport.beforeWrite = undefined;
      transport.afterWrite = undefined;
      transport.resume();
      for (let hour = 0; hour < 32; hour++) await leaders.world.clock.advance(3_600_000);
      await leaders.world.settle();
      expect(going()).toEqual(['brief', 'none']);
      await leaders.world.stop();
    }), RUNS);
  }, 60_000);

  it('pods of one that is gone are removed, and no pod of one that came late', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([podGarbageCollector]);
      const { world } = leaders;
      const pod = (name: string, nodeName: string): void => void world.create(core.pods, { metadata: { name, namespace: 'default' }, spec: { nodeName, containers: [] }, status: { phase: 'Running' } });
      world.create(core.nodes, { metadata: { name: 'stays' } });
      pod('here', 'stays');
      pod('lost', 'gone');
      await leaders.start();
      const names = (): (string | undefined)[] => world.all(core.pods).map(({ metadata }) => metadata.name);
      for (const [turn, fault] of befalls.entries()) {
        await leaders.befall(fault === 'kubelets' ? 'time' : fault);
        if (turn === 1) world.create(core.nodes, { metadata: { name: 'new' } });
        if (turn === 1) pod('late', 'new');
        expect(names()).toEqual(expect.arrayContaining(turn < 1 ? ['here'] : ['here', 'late']));
      }
      world.clock.jump(FORTH);
      await leaders.recover();
      expect(names()).toEqual(['here', 'late']);
      await leaders.world.stop();
    }), RUNS);
  }, 60_000);
});
