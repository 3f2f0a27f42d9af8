import { storage, type storagev1 } from '@navarch/api';
import { isAlreadyExists, isNotFound } from '@navarch/apimachinery';
import { keyOfObject } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';

type Attachment = storagev1.VolumeAttachment;

/** Attachments that were asked for and that the cache does not show yet: nobody else may get those volumes meanwhile. */
export class AskedAttachments {
  readonly #asked = new Map<string, { readonly attachment: Attachment; isMade: boolean }>();

  constructor(private readonly api: ControllerContext['api']) {}

  /** They are about to be asked for: at once, for others are decided on meanwhile. */
  reserve(attachments: readonly Attachment[]): void {
    for (const attachment of attachments) this.#asked.set(attachment.metadata.name ?? '', { attachment, isMade: false });
  }

  /** Asks for what was reserved. */
  async ask({ metadata: { name = '' } }: Attachment, signal: AbortSignal): Promise<void> {
    const asked = this.#asked.get(name);
    if (asked === undefined) return;
    try {
      await this.api.create(storage.volumeattachments, asked.attachment, { signal });
      asked.isMade = true;
    } catch (error) {
      this.#asked.delete(name);
      if (!isAlreadyExists(error)) throw error;
    }
  }

  /** The cache shows it, or has shown that it is gone, or it is not to be asked for any more. */
  forget({ metadata: { name = '' } }: Attachment): void {
    this.#asked.delete(name);
  }

  /** Nodes that have a volume, or will have it. */
  nodesOf(volume: string): string[] {
    return [...this.#asked.values()].filter(({ attachment: { spec } }) => spec.source.persistentVolumeName === volume).map(({ attachment: { spec } }) => spec.nodeName);
  }

  /** Looks whether those of some volumes are still there: they may have come and gone unseen. */
  async check(isMeant: (volume: string) => boolean, signal: AbortSignal): Promise<void> {
    const made = [...this.#asked].filter(([, { attachment: { spec }, isMade }]) => isMade && isMeant(spec.source.persistentVolumeName ?? ''));
    await Promise.all(made.map(async ([name, { attachment }]) => {
      if (!(await this.#isThere(attachment, signal))) this.#asked.delete(name);
    }));
  }

  async #isThere(attachment: Attachment, signal: AbortSignal): Promise<boolean> {
    try {
      await this.api.get(storage.volumeattachments, keyOfObject(attachment), { signal });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }
}
