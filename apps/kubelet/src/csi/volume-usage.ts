import { csiv1 } from '@navarch/proto';
import { type ToldUsage } from '../node-service/volume-stats';

const { VolumeUsage_Unit: Unit } = csiv1;

/** A driver's words of a volume's use in the kubelet's; what it does not know of is not told. */
export function statsOf(usage: readonly csiv1.VolumeUsage[]): ToldUsage['stats'] {
  const of = (wanted: csiv1.VolumeUsage_Unit): csiv1.VolumeUsage | undefined => usage.find(({ unit }) => unit === wanted);
  const [bytes, inodes] = [of(Unit.BYTES), of(Unit.INODES)];
  return {
    ...(bytes && { availableBytes: Number(bytes.available), capacityBytes: Number(bytes.total), usedBytes: Number(bytes.used) }),
    ...(inodes && { inodesFree: Number(inodes.available), inodes: Number(inodes.total), inodesUsed: Number(inodes.used) }),
  };
}
