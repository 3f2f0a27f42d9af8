import type { Logger } from '@navarch/component-base';
import type { PodInfo } from '@navarch/scheduling';
import { ExternalPluginError, type ExternalPlugin, type ExternalVictims } from './external-plugin';

/** The first room, of those found, that every plug-in in another process agrees to; each may say which pods it really takes. */
export async function askAboutRoom(pod: PodInfo, rooms: readonly ExternalVictims[], externals: readonly ExternalPlugin[], { signal, log }: { readonly signal: AbortSignal; readonly log: Logger }): Promise<ExternalVictims | undefined> {
  for (const room of rooms) {
    let agreed: ExternalVictims | undefined = room;
    for (const external of externals) {
      if (external.preempt === undefined || agreed === undefined) continue;
      try {
        agreed = await external.preempt(pod, agreed, signal);
      } catch (error) {
        if (!external.ignorable) throw new ExternalPluginError(external.name, error);
        log.warn({ plugin: external.name, err: error }, 'a plug-in in another process failed and is ignored');
      }
    }
    if (agreed !== undefined) return agreed;
  }
  return undefined;
}
