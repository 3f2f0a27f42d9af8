import { always, refusal, type SchedulerPlugin } from '../framework';

const refused = refusal("node(s) didn't match the requested node name", true);

/** A pod that names its node fits only there. */
export const nodeName: SchedulerPlugin = {
  name: 'NodeName',
  hints: { NodeAdd: always },
  sign: ({ spec }) => [spec.nodeName],
  preFilter: (pod) => {
    const wanted = pod.spec.nodeName ?? '';
    if (wanted === '') return undefined;
    return (node) => (node.name === wanted ? undefined : refused);
  },
};
