import {
  bootstrapClusterRoleBindings, bootstrapClusterRoles, bootstrapFlowSchemas, bootstrapPriorityClasses, bootstrapPriorityLevels, bootstrapRoleBindings, bootstrapRoles,
  flowcontrol, rbac, scheduling, type KubeObject, type ResourceType, type rbacv1, type Serves,
} from '@navarch/api';
import { isAlreadyExists, isNotFound } from '@navarch/apimachinery';
import type { ObjectWriter, PostStartHook } from '../pipeline';
import { bindsAnotherRole, reconciledBinding, reconciledRole } from './reconcile-rbac';

const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate';

/** What every cluster has before /readyz says yes: RBAC's default roles, priority classes, flow control. */
export function bootstrapHooks(writer: ObjectWriter, serves?: Serves): readonly PostStartHook[] {
  return [
    { name: 'rbac/bootstrap-roles', run: (signal) => bootstrapRbac(writer, serves, signal) },
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

async function bootstrapRbac(writer: ObjectWriter, serves: Serves | undefined, signal: AbortSignal): Promise<void> {
  await Promise.all(bootstrapClusterRoles(serves).map((role) => ensureRole(writer, rbac.clusterroles, role, signal)));
  await Promise.all(bootstrapClusterRoleBindings(serves).map((binding) => ensureBinding(writer, rbac.clusterrolebindings, binding, signal)));
  await Promise.all(bootstrapRoles().map((role) => ensureRole(writer, rbac.roles, role, signal)));
  await Promise.all(bootstrapRoleBindings().map((binding) => ensureBinding(writer, rbac.rolebindings, binding, signal)));
}

/** What is there already and may be kept up to date; undefined when it was made now, or its owner has set `autoupdate` to false. */
async function existing<T extends KubeObject>(writer: ObjectWriter, type: ResourceType<T>, wanted: T, signal: AbortSignal): Promise<T | undefined> {
  signal.throwIfAborted();
  const { namespace = '', name = '' } = wanted.metadata;
  const found = await writer.get(type, namespace, name);
  if (found === undefined) await createUnlessExists(writer, type, wanted);
  return found?.metadata.annotations?.[autoUpdate] === 'false' ? undefined : found;
}

async function ensureRole<T extends rbacv1.ClusterRole | rbacv1.Role>(writer: ObjectWriter, type: ResourceType<T>, wanted: T, signal: AbortSignal): Promise<void> {
  const found = await existing(writer, type, wanted, signal);
  const changed = found && reconciledRole(found, wanted);
  if (changed) await writer.update(type, changed);
}

async function ensureBinding<T extends rbacv1.ClusterRoleBinding | rbacv1.RoleBinding>(writer: ObjectWriter, type: ResourceType<T>, wanted: T, signal: AbortSignal): Promise<void> {
  const found = await existing(writer, type, wanted, signal);
  if (found === undefined) return;
  if (bindsAnotherRole(found, wanted)) {
    await deleteIfThere(writer, type, found);
    await createUnlessExists(writer, type, wanted);
    return;
  }
  const changed = reconciledBinding(found, wanted);
  if (changed) await writer.update(type, changed);
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

async function deleteIfThere<T extends KubeObject>(writer: ObjectWriter, type: ResourceType<T>, { metadata }: T): Promise<void> {
  try {
    await writer.delete(type, metadata.namespace ?? '', metadata.name ?? '');
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
