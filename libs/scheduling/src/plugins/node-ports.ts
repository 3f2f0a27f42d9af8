import { refusal, type SchedulerPlugin } from '../framework';

const refused = refusal("node(s) didn't have free ports for the requested pod ports");

/** A host port is given once on a node. */
export const nodePorts: SchedulerPlugin = {
  name: 'NodePorts',
  events: ['PodDelete', 'NodeAdd'],
  prepareFilter: ({ hostPorts }) => {
    if (hostPorts.length === 0) return undefined;
    return (node) => (hostPorts.every((port) => node.portIsFree(port)) ? undefined : refused);
  },
};
