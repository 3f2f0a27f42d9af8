import { csiv1 } from '@navarch/proto';
import { volumeCapability } from './volume-capability';

describe('volumeCapability', () => {
  const { VolumeCapability_AccessMode_Mode: Mode } = csiv1;

  it.each([
    [['ReadWriteOnce'], false, Mode.SINGLE_NODE_WRITER],
    [['ReadWriteOnce'], true, Mode.SINGLE_NODE_MULTI_WRITER],
    [['ReadWriteOncePod'], true, Mode.SINGLE_NODE_SINGLE_WRITER],
    [['ReadOnlyMany'], false, Mode.MULTI_NODE_READER_ONLY],
    [['ReadWriteMany', 'ReadOnlyMany'], false, Mode.MULTI_NODE_MULTI_WRITER],
    [['ReadWriteOnce', 'ReadWriteMany'], false, Mode.SINGLE_NODE_WRITER],
    [['ReadWriteOncePod'], false, Mode.SINGLE_NODE_WRITER],
    [[], false, Mode.SINGLE_NODE_WRITER],
  ])('of %j (tells writers apart: %s)', (accessModes, singleNodeMultiWriter, mode) => {
    expect(volumeCapability({ accessModes, singleNodeMultiWriter, block: false, fsType: '', mountOptions: [] }).accessMode?.mode).toBe(mode);
  });

  it('names the file system, its options and a group that the driver sets', () => {
    expect(
      volumeCapability({ accessModes: [], singleNodeMultiWriter: false, block: false, fsType: 'xfs', mountOptions: ['noatime'], mountGroup: 7 }).accessType,
    ).toEqual({ $case: 'mount', value: { fsType: 'xfs', mountFlags: ['noatime'], volumeMountGroup: '7' } });
  });
});
