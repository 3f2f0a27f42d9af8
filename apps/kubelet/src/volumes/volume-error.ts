import { errorText } from '../error-text';
import { type ResolvedVolume } from './resolved-volume';

/** What of putting a volume up failed, in upstream's words: first of a file system, then of a device. */
const steps = {
  newMounter: ['NewMounter initialization', 'NewBlockVolumeMapper initialization'],
  nodeAffinity: ['NodeAffinity check', 'NodeAffinity check'],
  mountOptions: ['MountOptionSupport check', 'MountOptionSupport check'],
  stage: ['MountDevice', 'SetUpDevice'],
  setUp: ['SetUp', 'SetUpDevice'],
  publish: ['SetUp', 'MapPodDevice'],
} as const;

export type VolumeStep = keyof typeof steps;

/** One step of putting a volume up failed. */
export class VolumeStepError extends Error {
  override readonly name = 'VolumeStepError';

  constructor(readonly step: VolumeStep, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** A volume could not be made; the message is upstream's, and so is the reason of the event that says so: none where there is nothing to be said yet. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';

  constructor(message: string, readonly reason: 'FailedMount' | 'FailedMapVolume' | undefined, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Mirrors the messages of upstream's operation_generator. */
export function failureOf({ specName, block }: Pick<ResolvedVolume, 'specName' | 'block'>, error: unknown): VolumeError {
  const step = error instanceof VolumeStepError ? error.step : 'setUp';
  const cause = error instanceof VolumeStepError && error.cause !== undefined ? error.cause : error;
  const message = `${block ? 'MapVolume' : 'MountVolume'}.${steps[step][block ? 1 : 0]} failed for volume "${specName}" : ${errorText(error)}`;
  return new VolumeError(message, block && step !== 'nodeAffinity' ? 'FailedMapVolume' : 'FailedMount', { cause });
}
