import type { flowcontrolv1 } from '../gen';
import { bootstrapTable } from './bootstrap-table';

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
const autoUpdate = { 'apf.kubernetes.io/autoupdate-spec': 'true' };

/** Every request is in one of these levels. */
export function bootstrapPriorityLevels(): flowcontrolv1.PriorityLevelConfiguration[] {
  return bootstrapTable().prioritylevelconfigurations.map(({ name, spec }) => ({
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name, annotations: { ...autoUpdate } },
    spec: structuredClone(spec),
  }));
}

/** Sort requests into the levels, by order of `matchingPrecedence`. */
export function bootstrapFlowSchemas(): flowcontrolv1.FlowSchema[] {
  return [...bootstrapTable().flowschemas]
    .sort(({ spec: a }, { spec: b }) => (a.matchingPrecedence ?? 0) - (b.matchingPrecedence ?? 0))
    .map(({ name, spec }) => ({ apiVersion, kind: 'FlowSchema', metadata: { name, annotations: { ...autoUpdate } }, spec: structuredClone(spec) }));
}
