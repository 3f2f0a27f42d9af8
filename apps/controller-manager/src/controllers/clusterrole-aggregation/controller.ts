import { rbac, type rbacv1 } from '@navarch/api';
import { done, type Reconciler } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { planAggregation } from './sync';

const FIELD_MANAGER = 'clusterrole-aggregation-controller';

/** What is applied: the rules and nothing else, so that all else stays whoever's it is. */
const applied = (name: string, rules: rbacv1.PolicyRule[]): object => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name },
  ...(rules.length === 0 ? {} : { rules }),
});

/** Fills roles that are made of others: admin, edit, view, and those of users. */
export function clusterRoleAggregationController(context: ControllerContext): RunningController {
  const { api, sources } = context;
  const roles = sources.informer(rbac.clusterroles, { alwaysWatch: true });
  const reconciler: Reconciler = {
    name: 'ClusterRoleAggregator',
    async reconcile(key, signal) {
      const role: rbacv1.ClusterRole | undefined = roles.get(key);
      const rules = role && planAggregation(role, roles.list());
      if (rules !== undefined) await api.patch(rbac.clusterroles, key, 'apply', applied(key.name, rules), { signal, fieldManager: FIELD_MANAGER, force: true });
      return done;
    },
  };
  return runningController({
    reconciler,
    workers: 5,
    reads: [read(roles)],
    watch: (controller) => {
      // A role of others may be made of any.
      const wake = (): void => {
        for (const role of roles.list()) if (role.aggregationRule !== undefined) controller.enqueueObject(role);
      };
      return [roles.addHandler({ onAdd: wake, onUpdate: wake, onDelete: wake })];
    },
  }, context);
}
