import { systemClock } from '@navarch/clock';
import { machineUsage, othersShare } from './machine-usage';

const lookEveryMs = 2_000;
/** Busy with others less than this, the machine counts as ours. */
export const quietShare = 0.1;

/** Waits until others leave the machine to us, or patience ends. @param ours processor seconds of ours so far */
export async function waitForQuiet(patienceSeconds: number, ours: () => number, signal: AbortSignal): Promise<void> {
  const deadline = systemClock.now() + patienceSeconds * 1000;
  while (systemClock.now() < deadline) {
    const before = machineUsage();
    const oursBefore = ours();
    await systemClock.sleep(lookEveryMs, signal);
    if (othersShare(before, machineUsage(), ours() - oursBefore) < quietShare) return;
  }
}
