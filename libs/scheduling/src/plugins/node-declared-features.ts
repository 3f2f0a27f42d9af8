import type { corev1 } from '@navarch/api';
import { refusal, type QueueingHint, type SchedulerPlugin } from '../framework';

const refused = refusal("node(s) didn't match Pod's required features", true);

/** Features that nodes declare (KEP-5328), with which pods need them. Upstream has others that matter only to updates, or whose gates are closed. */
const features: Readonly<Record<string, (spec: corev1.PodSpec) => boolean>> = {
  RestartAllContainersOnContainerExits: ({ containers, initContainers = [] }) =>
    [...containers, ...initContainers].some(({ restartPolicyRules = [] }) => restartPolicyRules.some(({ action }) => action === 'RestartAllContainers')),
};

const required = (spec: corev1.PodSpec): string[] => Object.keys(features).filter((name) => features[name]?.(spec));
const declares = ({ status }: corev1.Node, wanted: readonly string[]): boolean => wanted.every((name) => status?.declaredFeatures?.includes(name));

const hasThem: QueueingHint = ({ spec }, { after }) => after !== undefined && declares(after, required(spec));

/** A pod whose spec an older kubelet would not understand goes only to nodes that say that they do. */
export const nodeDeclaredFeatures: SchedulerPlugin = {
  name: 'NodeDeclaredFeatures',
  hints: { NodeAdd: hasThem, NodeUpdateNodeDeclaredFeature: hasThem },
  sign: ({ spec }) => required(spec),
  preFilter: ({ spec }) => {
    const wanted = required(spec);
    return wanted.length === 0 ? undefined : ({ node }) => (declares(node, wanted) ? undefined : refused);
  },
};
