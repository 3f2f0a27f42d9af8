import { csiv1 } from '@navarch/proto';

const { VolumeCapability_AccessMode_Mode: Mode } = csiv1;

export interface CapabilityInput {
  readonly accessModes: readonly string[];
  readonly block: boolean;
  readonly fsType: string;
  readonly mountOptions: readonly string[];
  /** A group that the driver gives the volume to itself. */
  readonly mountGroup?: number;
  /** The driver tells one writer from several on a node. */
  readonly singleNodeMultiWriter: boolean;
}

/** How a volume is to be used, in CSI's words. */
export function volumeCapability(input: CapabilityInput): csiv1.VolumeCapability {
  const group = input.mountGroup === undefined ? '' : String(input.mountGroup);
  return {
    accessMode: { mode: accessMode(input.accessModes, input.singleNodeMultiWriter) },
    accessType: input.block
      ? { $case: 'block', value: {} }
      : { $case: 'mount', value: { fsType: input.fsType, mountFlags: [...input.mountOptions], volumeMountGroup: group } },
  };
}

/** Upstream's kubelet takes the first of several modes; a volume that names none is one writer's. */
function accessMode([mode = 'ReadWriteOnce']: readonly string[], multiWriter: boolean): csiv1.VolumeCapability_AccessMode_Mode {
  switch (mode) {
    case 'ReadWriteMany': return Mode.MULTI_NODE_MULTI_WRITER;
    case 'ReadOnlyMany': return Mode.MULTI_NODE_READER_ONLY;
    case 'ReadWriteOncePod': return multiWriter ? Mode.SINGLE_NODE_SINGLE_WRITER : Mode.SINGLE_NODE_WRITER;
    default: return multiWriter ? Mode.SINGLE_NODE_MULTI_WRITER : Mode.SINGLE_NODE_WRITER;
  }
}
