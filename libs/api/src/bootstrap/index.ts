export { aggregatedRules, bootstrapClusterRoleBindings, bootstrapClusterRoles, type Serves } from './cluster-roles';
export { bootstrapFlowSchemas, bootstrapPriorityLevels } from './flow-control';
export { bootstrapRoleBindings, bootstrapRoles } from './namespace-roles';
export { bootstrapPriorityClasses } from './priority-classes';
