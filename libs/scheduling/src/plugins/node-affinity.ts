import type { corev1, KubeObject } from '@navarch/api';
import { normalizeToMax, refusal, type PreFilterRefusal, type PreFilterResult, type QueueingHint, type SchedulerPlugin } from '../framework';
import type { PodInfo } from '../state/pod-info';
import { matchesNodeSelection, namedNodes, nodeSelectorMatches, selectsNodes, termMatches, type SelectableNode } from './node-selector-terms';

const refused = refusal("node(s) didn't match Pod's node affinity/selector", true);
const addedRefused = refusal("node(s) didn't match scheduler-enforced node affinity", true);

const selectable = ({ metadata: { name = '', labels = {} } }: KubeObject): SelectableNode => ({ name, labels });

/** `nodeSelector` and node affinity: required terms filter, preferred terms add their weight. */
export function nodeAffinity({ addedAffinity }: { readonly addedAffinity?: corev1.NodeAffinity } = {}): SchedulerPlugin {
  const added = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const preFilter = ({ spec }: PodInfo): PreFilterResult | PreFilterRefusal | undefined => {
    const selects = selectsNodes(spec);
    if (!selects && added === undefined) return undefined;
    const nodes = namedNodes(spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution);
    if (nodes?.size === 0) return { refused: 'pod affinity terms conflict', unresolvable: true };
    return {
      ...(nodes === undefined ? {} : { nodes }),
      filter: (node) => {
        if (added !== undefined && !nodeSelectorMatches(added, node)) return addedRefused;
        return !selects || matchesNodeSelection(spec, node) ? undefined : refused;
      },
    };
  };
  // A node that the pod wants, and did not want as it was before.
  const isSelected: QueueingHint = ({ spec }, { before, after }) => {
    if (after === undefined) return true;
    const [is, was] = [selectable(after), before === undefined ? undefined : selectable(before)];
    if ((added !== undefined && !nodeSelectorMatches(added, is)) || !matchesNodeSelection(spec, is)) return false;
    return was === undefined || !matchesNodeSelection(spec, was) || (added !== undefined && !nodeSelectorMatches(added, was));
  };
  return {
    name: 'NodeAffinity',
    hints: { NodeAdd: isSelected, NodeUpdateNodeLabel: isSelected },
    sign: ({ spec }) => [spec.nodeSelector, spec.affinity?.nodeAffinity],
    preFilter,
    preScore: ({ spec }) => {
      const preferred = [...(spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []), ...(addedAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])];
      if (preferred.length === 0) return undefined;
      return {
        score: (node) => preferred.reduce((sum, { weight, preference }) => sum + (termMatches(preference, node) ? weight : 0), 0),
        normalize: (scores) => normalizeToMax(scores, false),
      };
    },
  };
}
