import { FieldPath } from '@navarch/apimachinery';
import { admissionregistrationValidation } from '../admissionregistration/validation';
import { apiextensionsValidation } from '../apiextensions/validation';
import { apiserverinternalValidation } from '../apiserverinternal/validation';
import { apiregistrationValidation } from '../apiregistration/validation';
import { appsValidation } from '../apps/validation';
import { autoscalingValidation } from '../autoscaling/validation';
import { batchValidation } from '../batch/validation';
import { certificatesValidation } from '../certificates/validation';
import { coordinationValidation } from '../coordination/validation';
import { coreValidation } from '../core/validation';
import { discoveryValidation } from '../discovery/validation';
import { flowcontrolValidation } from '../flowcontrol/validation';
import { networkingValidation } from '../networking/validation';
import { nodeGroupValidation } from '../node/validation';
import { policyValidation } from '../policy/validation';
import { rbacValidation } from '../rbac/validation';
import { resourceValidation } from '../resource/validation';
import { schedulingValidation } from '../scheduling/validation';
import { storageValidation } from '../storage/validation';
import { storagemigrationValidation } from '../storagemigration/validation';
import { preferredResource } from '../tables/resource-table';
import { schemaIdOf } from '../tables/schema-table';
import { type ContentRules, kindValidation, type KindValidation } from './kind-validation';
import { requiredBySchema } from './schema-rules';

/** By `<group>/<kind>`. */
const all: Readonly<Record<string, ContentRules>> = {
  ...admissionregistrationValidation,
  ...apiextensionsValidation,
  ...apiregistrationValidation,
  ...apiserverinternalValidation,
  ...appsValidation,
  ...autoscalingValidation,
  ...batchValidation,
  ...certificatesValidation,
  ...coordinationValidation,
  ...coreValidation,
  ...discoveryValidation,
  ...flowcontrolValidation,
  ...networkingValidation,
  ...nodeGroupValidation,
  ...policyValidation,
  ...rbacValidation,
  ...resourceValidation,
  ...schedulingValidation,
  ...storageValidation,
  ...storagemigrationValidation,
};

/** Groups whose kinds have the metadata rules of apimachinery alone, as upstream's packages of them import. */
const anyFinalizer = new Set(['admissionregistration.k8s.io', 'apiextensions.k8s.io', 'apiregistration.k8s.io', 'coordination.k8s.io', 'internal.apiserver.k8s.io', 'storagemigration.k8s.io']);

const known = new Map<string, KindValidation | undefined>();

function prepare(group: string, kind: string): KindValidation | undefined {
  const facts = preferredResource(group, (candidate) => candidate.kind === kind);
  if (facts === undefined) return undefined;
  const rules = all[`${group}/${kind}`] ?? {};
  const id = schemaIdOf(group, facts.version, kind);
  const content = rules.content ?? (id === undefined ? undefined : (object: object) => requiredBySchema(object, id, FieldPath.of()));
  return kindValidation({ ...rules, ...(content === undefined ? {} : { content }) }, { namespaced: facts.namespaced, qualified: !anyFinalizer.has(group) });
}

/** The rules of a built-in kind, for objects of its storage version; undefined if there is no such kind. */
export function validationFor(group: string, kind: string): KindValidation | undefined {
  const key = `${group}/${kind}`;
  if (!known.has(key)) known.set(key, prepare(group, kind));
  return known.get(key);
}
