import { always, type SchedulerPlugin } from '../framework';

/** A pod with gates is not even looked at until whoever set them has removed them all. */
export const schedulingGates: SchedulerPlugin = {
  name: 'SchedulingGates',
  hints: { PodUpdatePodSchedulingGatesEliminated: always },
  preEnqueue: ({ spec: { schedulingGates: gates } }) => (gates === undefined || gates.length === 0 ? undefined : `waiting for scheduling gates: [${gates.map(({ name }) => name).join(' ')}]`),
};
