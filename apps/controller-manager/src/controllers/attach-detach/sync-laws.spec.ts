import type { corev1, storagev1 } from '@navarch/api';
import fc from 'fast-check';
import { attachmentName, planAttachments, uniqueVolumeName, type AttachPlan } from './sync';

const nowMs = 1_000_000_000;
const names = ['a', 'b', 'c'] as const;
const nodeNames = ['n1', 'n2'] as const;
const volume = (name: string, isShared: boolean): corev1.PersistentVolume => ({ metadata: { name }, spec: { accessModes: [isShared ? 'ReadWriteMany' : 'ReadWriteOnce'], csi: { driver: 'd', volumeHandle: name } } });

const world = fc.record({
  shared: fc.subarray([...names]),
  needed: fc.subarray([...names]),
  here: fc.subarray([...names]),
  elsewhere: fc.subarray([...names]),
  strangers: fc.subarray([...names]),
  mounted: fc.subarray([...names]),
  ready: fc.boolean(),
  outOfService: fc.boolean(),
  /** For how long nobody has needed what is attached. */
  unneededMinutes: fc.constantFrom(undefined, 1, 10),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

const attachment = (of: corev1.PersistentVolume, nodeName: string, name = attachmentName(of, nodeName)): storagev1.VolumeAttachment => ({
  metadata: { name }, spec: { attacher: 'd', nodeName, source: { persistentVolumeName: of.metadata.name ?? '' } }, status: { attached: true },
});

function planned(given: World, attachments: readonly storagev1.VolumeAttachment[], needed: readonly string[] = given.needed): AttachPlan {
  const volumes = new Map(names.map((name) => [name as string, volume(name, given.shared.includes(name))]));
  return planAttachments({
    nodeName: 'n1',
    node: {
      metadata: { name: 'n1' }, spec: { ...(given.outOfService ? { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] } : {}) },
      status: { conditions: [{ type: 'Ready', status: given.ready ? 'True' : 'Unknown' }], volumesInUse: given.mounted.map((name) => uniqueVolumeName(volumes.get(name)!)) },
    },
    needed: new Map(needed.map((name) => [name, { volume: volumes.get(name)!, pods: [] }])),
    attachments,
    nodesOf: (name) => [...(attachments.some(({ spec }) => spec.source.persistentVolumeName === name) ? ['n1'] : []), ...(given.elsewhere.includes(name as 'a') ? [nodeNames[1]] : [])],
    volume: (name) => volumes.get(name),
    unneededSince: () => (given.unneededMinutes === undefined ? undefined : nowMs - given.unneededMinutes * 60_000),
    forceAfterMs: 360_000,
    nowMs,
  });
}
const volumeOf = ({ spec }: storagev1.VolumeAttachment): string => spec.source.persistentVolumeName ?? '';
/** Ours, and those that somebody else made for the same volumes. */
const present = ({ here, shared, strangers }: World): storagev1.VolumeAttachment[] => here.map((name) => attachment(volume(name, shared.includes(name)), 'n1', strangers.includes(name) ? `theirs-${name}` : undefined));

describe('what is attached to a node', () => {
  it('is what its pods need, once, and no volume that only one node may have while another has it', () => {
    fc.assert(fc.property(world, (given) => {
      const plan = planned(given, present(given));
      const missing = given.needed.filter((name) => !given.here.includes(name));
      const isHeld = (name: (typeof names)[number]): boolean => !given.shared.includes(name) && given.elsewhere.includes(name);
      expect(plan.attach.map(volumeOf).sort()).toEqual(missing.filter((name) => !isHeld(name)));
      expect(plan.blocked.map((one) => one.volume.metadata.name).sort()).toEqual(missing.filter(isHeld));
    }));
  });

  it('is taken from it only when nobody needs it, it is ours, and the node has let go of it or will not come back', () => {
    fc.assert(fc.property(world, (given) => {
      const { detach, waiting } = planned(given, present(given));
      const idle = given.here.filter((name) => !given.needed.includes(name) && !given.strangers.includes(name));
      const mayGo = (name: (typeof names)[number]): boolean => !given.mounted.includes(name) || given.outOfService || (!given.ready && given.unneededMinutes === 10);
      expect(detach.map(({ attachment: one }) => volumeOf(one)).sort()).toEqual(idle.filter(mayGo));
      expect(waiting).toHaveLength(idle.length - detach.length);
      for (const { attachment: one, forced } of detach) expect(forced !== undefined).toBe(given.mounted.includes(volumeOf(one) as 'a'));
    }));
  });

  it('is told of in the status of the node, without what is being taken, and nothing is left to do once a plan was carried out', () => {
    fc.assert(fc.property(world, (given) => {
      const before = present(given);
      const plan = planned(given, before);
      const gone = new Set(plan.detach.map(({ attachment: one }) => one.metadata.name));
      const after = [...before.filter(({ metadata }) => !gone.has(metadata.name)), ...plan.attach.map((one) => ({ ...one, status: { attached: true } }))];
      const settled = planned(given, after);
      expect([settled.attach, settled.detach]).toEqual([[], []]);
      expect(settled.volumesAttached.map(({ name }) => name)).toEqual(after.map((one) => uniqueVolumeName(volume(volumeOf(one), false))).sort());
      for (const { inUseAs } of plan.detach) expect(plan.volumesAttached.map(({ name }) => name)).not.toContain(inUseAs);
    }));
  });
});
