import type { corev1 } from '@navarch/api';
import type { OfferedDevice } from './offered-devices';

/** Where pods can use these devices: on this node alone, on the nodes that all their selectors take, or, if undefined, everywhere. */
export function reachOf(devices: readonly OfferedDevice[], node: string): corev1.NodeSelector | undefined {
  const requirements: corev1.NodeSelectorTerm = {};
  for (const { device: { bindsToNode }, reach: { nodeName, nodeSelector } } of devices) {
    // A selector of several terms cannot be joined with another: the node that was chosen is what it comes to.
    const [term, ...others] = nodeSelector?.nodeSelectorTerms ?? [];
    if (bindsToNode === true || nodeName !== undefined || others.length > 0) return { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }] };
    if (term?.matchExpressions !== undefined) requirements.matchExpressions = distinct([...(requirements.matchExpressions ?? []), ...term.matchExpressions]);
    if (term?.matchFields !== undefined) requirements.matchFields = distinct([...(requirements.matchFields ?? []), ...term.matchFields]);
  }
  return Object.keys(requirements).length === 0 ? undefined : { nodeSelectorTerms: [requirements] };
}

function distinct(requirements: readonly corev1.NodeSelectorRequirement[]): corev1.NodeSelectorRequirement[] {
  return [...new Map(requirements.map((requirement) => [JSON.stringify(requirement), requirement])).values()];
}
