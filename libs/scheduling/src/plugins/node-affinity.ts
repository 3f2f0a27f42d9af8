import { normalizeToMax, refusal, type SchedulerPlugin } from '../framework';
import { matchesNodeSelection, termMatches } from './node-selector-terms';

const refused = refusal("node(s) didn't match Pod's node affinity/selector", true);

/** `nodeSelector` and node affinity: required terms filter, preferred terms add their weight. */
export const nodeAffinity: SchedulerPlugin = {
  name: 'NodeAffinity',
  events: ['NodeAdd', 'NodeUpdate'],
  prepareFilter: ({ spec }) => {
    if (spec.nodeSelector === undefined && spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution === undefined) return undefined;
    return (node) => (matchesNodeSelection(spec, node) ? undefined : refused);
  },
  prepareScore: ({ spec }) => {
    const preferred = spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (preferred.length === 0) return undefined;
    return {
      score: (node) => preferred.reduce((sum, { weight, preference }) => sum + (termMatches(preference, node) ? weight : 0), 0),
      normalize: (scores) => normalizeToMax(scores, false),
    };
  },
};
