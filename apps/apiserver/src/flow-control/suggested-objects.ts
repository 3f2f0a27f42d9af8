import type { flowcontrolv1, KubeObject } from '@navarch/api';
import { isDeepStrictEqual } from 'node:util';

/** Whether the server keeps an object's spec as it suggests: `true` or `false`; whoever edits an object and wants to keep that says `false`. */
export const AUTO_UPDATE = 'apf.kubernetes.io/autoupdate-spec';

/** What no cluster goes without: kept whatever the annotation says. */
const MANDATORY: readonly string[] = ['catch-all', 'exempt'];

interface Configured extends KubeObject {
  spec?: flowcontrolv1.FlowSchemaSpec | flowcontrolv1.PriorityLevelConfigurationSpec;
}

/** Without the annotation, an object that nobody has edited yet is the server's to keep. */
function isKept({ metadata }: KubeObject): boolean {
  const said = metadata.annotations?.[AUTO_UPDATE];
  return said === undefined ? (metadata.generation ?? 0) <= 1 : /^(1|t|true)$/i.test(said);
}

/** How many seats those take whom nothing limits is for administrators to say. */
function wantedSpec(existing: Configured['spec'], wanted: Configured['spec']): Configured['spec'] {
  if (!existing || !wanted || !('type' in existing) || !('type' in wanted) || existing.type !== 'Exempt' || wanted.type !== 'Exempt') return wanted;
  return existing.exempt ? { ...wanted, exempt: existing.exempt } : wanted;
}

/** The object as it should be; undefined where it is so. Upstream's pkg/registry/flowcontrol/ensurer. */
export function reconciledObject<T extends Configured>(existing: T, wanted: T): T | undefined {
  const kept = MANDATORY.includes(wanted.metadata.name ?? '') || isKept(existing);
  const spec = kept ? wantedSpec(existing.spec, wanted.spec) : existing.spec;
  const annotation = String(kept);
  if (existing.metadata.annotations?.[AUTO_UPDATE] === annotation && isDeepStrictEqual(spec, existing.spec)) return undefined;
  return { ...existing, metadata: { ...existing.metadata, annotations: { ...existing.metadata.annotations, [AUTO_UPDATE]: annotation } }, ...(spec ? { spec } : {}) };
}

/** Whether the server once suggested an object that it no longer does. */
export const isUnwanted = (existing: KubeObject, wanted: readonly KubeObject[]): boolean =>
  existing.metadata.annotations?.[AUTO_UPDATE] === 'true' && wanted.every(({ metadata }) => metadata.name !== existing.metadata.name);

/** The schema with a condition that says whether its level exists; undefined where it says so already. */
export function withDangling(schema: flowcontrolv1.FlowSchema, exists: boolean, now: string): flowcontrolv1.FlowSchema | undefined {
  const level = JSON.stringify(schema.spec?.priorityLevelConfiguration.name ?? '');
  const said = exists
    ? { status: 'False', reason: 'Found', message: `This FlowSchema references the PriorityLevelConfiguration object named ${level} and it exists` }
    : { status: 'True', reason: 'NotFound', message: `This FlowSchema references the PriorityLevelConfiguration object named ${level} but there is no such object` };
  const conditions = schema.status?.conditions ?? [];
  const old = conditions.find(({ type }) => type === 'Dangling');
  if (old?.status === said.status && old.reason === said.reason && old.message === said.message) return undefined;
  const lastTransitionTime = old?.status === said.status ? (old.lastTransitionTime ?? now) : now;
  return { ...schema, status: { ...schema.status, conditions: [...conditions.filter(({ type }) => type !== 'Dangling'), { type: 'Dangling', ...said, lastTransitionTime }] } };
}
