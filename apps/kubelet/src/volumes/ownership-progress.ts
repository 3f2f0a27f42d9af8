import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { type EventSink } from '../events/event-sink';
import { uidOf } from '../pods/pod-spec';

/** Upstream's numbers. */
const firstTellMs = 30_000;
const tellMs = 60_000;
const reason = 'VolumePermissionChangeInProgress';
const advice = 'is taking longer than expected, consider using OnRootMismatch - https://kubernetes.io/docs/tasks/configure-pod-container/security-context/#configure-volume-permission-and-ownership-change-policy-for-pods';

/** Tells a pod that the files of its volume are still being given to its group, from when that has taken long. Mirrors upstream's pkg/volume/volume_linux.go. */
export async function tellingProgress(pod: corev1.Pod, path: string, { events, clock }: { readonly events: EventSink; readonly clock: Clock }, walk: (onFile: () => void) => Promise<void>): Promise<void> {
  const place = path.slice(Math.max(0, path.indexOf(uidOf(pod))));
  const done = new AbortController();
  let files = 0;
  const tell = (what: string): void => events.pod(pod, 'Warning', reason, `Setting volume ownership for ${place}${what}`);
  const telling = async (): Promise<void> => {
    await clock.sleep(firstTellMs, done.signal);
    tell(` ${advice}`);
    for (;;) {
      await clock.sleep(tellMs, done.signal);
      tell(`, processed ${files} files.`);
    }
  };
  // That the walk is over is the only end that it has.
  const told = telling().catch(() => undefined);
  try {
    await walk(() => files++);
  } finally {
    done.abort();
    await told;
  }
}
