import { type KubeletDeps } from '../kubelet-deps';
import { type KubeletOptions } from '../kubelet-options';
import { RuntimeState } from '../runtime/runtime-state';
import { NodeLease } from './node-lease';
import { NodeRegistration } from './node-registration';
import { ThisNode, type ThisNodeDeps } from './this-node';

/** What knows the node, and tells the API of it. */
export interface NodeParts {
  readonly node: ThisNode;
  readonly runtimeState: RuntimeState;
  readonly registration: NodeRegistration;
  readonly lease: NodeLease;
}

export interface NodeNeighbours extends Pick<ThisNodeDeps, 'extended' | 'volumesInUse' | 'pressure'> {
  /** Pods can have a network now. */
  readonly onNetwork: () => void;
}

export function makeNode(options: KubeletOptions, { client, runtime, clock, log, events, metrics, cgroups }: KubeletDeps, { onNetwork, ...neighbours }: NodeNeighbours): NodeParts {
  const { identity } = options;
  const runtimeState = new RuntimeState({
    runtime, clock,
    onChange: ({ networkError }) => {
      registration.changed();
      if (networkError === undefined) onNetwork();
    },
  });
  const node = new ThisNode(options, { runtime, runtimeState: () => runtimeState, cgroupVersion: cgroups?.version, ...neighbours });
  const registration = new NodeRegistration(
    { identity, register: options.register, updateMs: options.nodeStatusUpdateMs, reportMs: options.nodeStatusReportMs },
    { client, clock, log, events, facts: () => node.facts(), volumesInUse: neighbours.volumesInUse, metrics: metrics.nodeStart },
  );
  const lease = new NodeLease({ nodeName: identity.name, durationSeconds: options.leaseDurationSeconds }, { client, clock, log, nodeUid: () => registration.node?.metadata.uid });
  return { node, runtimeState, registration, lease };
}
