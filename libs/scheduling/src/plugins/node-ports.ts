import { always, refusal, type SchedulerPlugin } from '../framework';
import { portsConflict } from '../state/node-info';
import { podInfo } from '../state/pod-info';

const refused = refusal("node(s) didn't have free ports for the requested pod ports");

/** A host port is given once on a node. */
export const nodePorts: SchedulerPlugin = {
  name: 'NodePorts',
  hints: {
    NodeAdd: always,
    AssignedPodDelete: ({ hostPorts }, { before }) => {
      const freed = before === undefined ? [] : podInfo(before).hostPorts;
      return hostPorts.some((wanted) => freed.some((port) => portsConflict(port, wanted)));
    },
  },
  sign: ({ hostPorts }) => [hostPorts],
  preFilter: ({ hostPorts }) => {
    if (hostPorts.length === 0) return undefined;
    return (node) => (hostPorts.every((port) => node.portIsFree(port)) ? undefined : refused);
  },
};
