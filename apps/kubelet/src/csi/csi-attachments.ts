import { status as Code } from '@grpc/grpc-js';
import { type storagev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { errorText } from '../error-text';
import { NotAttachedError } from '../volumes/attachment-waits';
import { type ResolvedVolume } from '../volumes/resolved-volume';
import { type VolumeObjects } from '../volumes/volume-objects';
import { attachmentName, uniqueVolumeName } from './csi-paths';
import { AttachLimitError } from './volume-limits';

export interface CsiAttachmentsDeps {
  readonly nodeName: string;
  readonly objects: VolumeObjects;
  /** Says in the Node's status which volumes are in use, and resolves with those that it says are attached since. */
  readonly reportInUse: () => Promise<readonly string[]>;
  /** The node has more volumes of a driver than the API says that it may have. */
  readonly onLimit: (driver: string) => Promise<void>;
}

interface Attachable {
  readonly driver: string;
  readonly handle: string;
  readonly object: storagev1.CSIDriver | undefined;
}

/**
 * Whether volumes are attached to this node. Before one is mounted the API says that it is in use, and after that still that it is attached: else it might be taken away
 * meanwhile. Mirrors VerifyControllerAttachedVolume of upstream's operation_generator.
 */
export class CsiAttachments {
  constructor(private readonly deps: CsiAttachmentsDeps) {}

  /** What attaching told. Throws NotAttachedError, or AttachLimitError. */
  async told({ driver, handle, object }: Attachable, { specName, name: podsName }: ResolvedVolume, isMounted: boolean): Promise<Record<string, string>> {
    const { nodeName, objects, reportInUse, onLimit } = this.deps;
    const uniqueName = uniqueVolumeName(driver, handle);
    const isReported = isMounted || (await reportInUse()).includes(uniqueName);
    const notAttached = (why: string, cause?: unknown): NotAttachedError => new NotAttachedError(podsName, `volume ${specName} is not attached: ${why}`, { cause });
    const name = attachmentName(handle, driver, nodeName);
    const { status } = await objects.attachment(name).catch((error: unknown) => {
      throw isNotFound(error) ? notAttached(errorText(error), error) : error;
    });
    if (status?.attachError?.errorCode === Code.RESOURCE_EXHAUSTED && object?.spec.nodeAllocatableUpdatePeriodSeconds !== undefined) {
      await onLimit(driver);
      throw new AttachLimitError(`the node has reached its limit of volumes of ${driver}, so that volume ${specName} is not attached: ${status.attachError.message ?? ''}`);
    }
    if (status?.attachError) throw notAttached(status.attachError.message ?? '');
    if (status?.attached !== true) throw notAttached(`VolumeAttachment ${name} does not say so yet`);
    if (!isReported) throw notAttached(`${uniqueName} is not among the node's attached volumes yet`);
    return { ...status.attachmentMetadata };
  }
}
