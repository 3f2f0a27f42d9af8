import {
  bootstrapClusterRoleBindings, bootstrapClusterRoles, bootstrapFlowSchemas, bootstrapPriorityClasses, bootstrapPriorityLevels, bootstrapRoleBindings, bootstrapRoles,
  flowcontrol, rbac, scheduling, type KubeObject, type ResourceType, type rbacv1,
} from '@navarch/api';
import { isAlreadyExists } from '@navarch/apimachinery';
import type { ObjectWriter, PostStartHook } from '../pipeline';
import { reconciledClusterRole, reconciledSubjects } from './reconcile-rbac';

const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate';

/** What every cluster has before /readyz says yes: RBAC's default roles, priority classes, flow control. */
export function bootstrapHooks(writer: ObjectWriter): readonly PostStartHook[] {
  return [
    { name: 'rbac/bootstrap-roles', run: (signal) => bootstrapRbac(writer, signal) },
    { name: 'scheduling/bootstrap-system-priority-classes', run: (signal) => createMissing(writer, scheduling.priorityclasses, bootstrapPriorityClasses(), signal) },
    {
      name: 'priority-and-fairness-config-producer',
      run: async (signal) => {
        await createMissing(writer, flowcontrol.prioritylevelconfigurations, bootstrapPriorityLevels(), signal);
        await createMissing(writer, flowcontrol.flowschemas, bootstrapFlowSchemas(), signal);
      },
    },
  ];
}

async function bootstrapRbac(writer: ObjectWriter, signal: AbortSignal): Promise<void> {
  await Promise.all(bootstrapClusterRoles().map((role) => ensure(writer, rbac.clusterroles, role, reconciledClusterRole, signal)));
  await Promise.all(bootstrapClusterRoleBindings().map((binding) => ensure(writer, rbac.clusterrolebindings, binding, reconciledSubjects, signal)));
  await Promise.all(bootstrapRoles().map((role) => ensure(writer, rbac.roles, role, (existing) => withMissingRules(existing, role), signal)));
  await Promise.all(bootstrapRoleBindings().map((binding) => ensure(writer, rbac.rolebindings, binding, reconciledSubjects, signal)));
}

function withMissingRules(existing: rbacv1.Role, wanted: rbacv1.Role): rbacv1.Role | undefined {
  const reconciled = reconciledClusterRole(existing as rbacv1.ClusterRole, wanted as rbacv1.ClusterRole);
  return reconciled as rbacv1.Role | undefined;
}

/** Creates what is missing; adds to what exists what it lacks, unless its owner has set `autoupdate` to false. */
async function ensure<T extends KubeObject>(writer: ObjectWriter, type: ResourceType<T>, wanted: T, reconcile: (existing: T, wanted: T) => T | undefined, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { namespace = '', name = '' } = wanted.metadata;
  const existing = await writer.get(type, namespace, name);
  if (existing === undefined) {
    await createUnlessExists(writer, type, wanted);
    return;
  }
  if (existing.metadata.annotations?.[autoUpdate] === 'false') return;
  const changed = reconcile(existing, wanted);
  if (changed !== undefined) await writer.update(type, changed);
}

async function createMissing<T extends KubeObject>(writer: ObjectWriter, type: ResourceType<T>, objects: readonly T[], signal: AbortSignal): Promise<void> {
  for (const object of objects) {
    signal.throwIfAborted();
    if ((await writer.get(type, '', object.metadata.name ?? '')) === undefined) await createUnlessExists(writer, type, object);
  }
}

/** Another apiserver that starts at the same time may have been first: that is as good. */
async function createUnlessExists<T extends KubeObject>(writer: ObjectWriter, type: ResourceType<T>, object: T): Promise<void> {
  try {
    await writer.create(type, structuredClone(object));
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
