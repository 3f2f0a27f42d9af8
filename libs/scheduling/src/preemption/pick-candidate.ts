import type { PodInfo } from '../state/pod-info';
import { startTime } from './importance';
import type { Candidate } from './select-victims';

/** Makes every priority positive, so that more victims never sum up to less. */
const priorityOffset = 2 ** 31;

const highest = ({ victims }: Candidate): number => victims[0]?.priority ?? -Infinity;
const sum = ({ victims }: Candidate): number => victims.reduce((total, { priority }) => total + priority + priorityOffset, 0);
/** When the eldest of the most important victims started. */
const eldestStart = (candidate: Candidate): number => Math.min(...candidate.victims.filter(({ priority }: PodInfo) => priority === highest(candidate)).map(startTime));

/** Upstream's order (pickOneNodeForPreemption); each is only asked among those that are equal so far, the smallest wins. */
const criteria: readonly ((candidate: Candidate) => number)[] = [({ violations }) => violations, highest, sum, ({ victims }) => victims.length, (candidate) => -eldestStart(candidate)];

/** The node where preemption does the least harm. */
export function pickCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  let left = candidates;
  for (const criterion of criteria) {
    if (left.length < 2) break;
    const values = left.map(criterion);
    const best = values.reduce((a, b) => Math.min(a, b), Infinity);
    left = left.filter((_candidate, index) => values[index] === best);
  }
  return left[0];
}
