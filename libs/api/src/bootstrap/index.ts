export { aggregatedRules, bootstrapClusterRoleBindings, bootstrapClusterRoles } from './cluster-roles';
export { bootstrapFlowSchemas, bootstrapPriorityLevels } from './flow-control';
export { bootstrapRoleBindings, bootstrapRoles } from './namespace-roles';
export { bootstrapPriorityClasses } from './priority-classes';
