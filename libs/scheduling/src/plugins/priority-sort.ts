import type { SchedulerPlugin } from '../framework';

/** The more important pod first; of equals the one that has waited longer. */
export const prioritySort: SchedulerPlugin = {
  name: 'PrioritySort',
  compare: (a, b) => (a.priority === b.priority ? a.since - b.since : b.priority - a.priority),
};
