import type { Diagnosis, PodInfo } from '@navarch/scheduling';
import type { RoomQuestion } from './ask-about-room';
import type { ExternalPlugin, ExternalPostFilter } from './external-plugin';

/** PostFilter of plug-ins in other processes: the first that finds room has its way; what the others said is told. Never rejects. */
export async function makeRoomWith(pod: PodInfo, diagnosis: Diagnosis, externals: readonly ExternalPlugin[], { state, signal, log }: RoomQuestion): Promise<ExternalPostFilter> {
  const messages: string[] = [];
  for (const external of externals) {
    try {
      const answer = await external.postFilter?.(pod, diagnosis, state, signal);
      if (answer?.nominated !== undefined) return answer;
      if (answer !== undefined && answer.message !== '') messages.push(answer.message);
    } catch (error) {
      if (external.ignorable) log.warn({ plugin: external.name, err: error }, 'a plug-in in another process failed and is ignored');
      else messages.push(`${external.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { message: messages.join(', ') };
}
