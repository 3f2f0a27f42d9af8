/** What CustomResourceDefinitions mean: schemas, defaults, pruning, validation, rules, columns, names. Pure. */
export { columnsOf } from './definition/columns';
export { CustomVersion, type RuleObserver, textAt, type Written } from './definition/custom-version';
export { definitionId, publishedSchemas } from './definition/publish';
export { settleStatus, withConditions } from './definition/settle-status';
export { CLEANUP_FINALIZER, conditionOf, isTrue, type CustomResourceDefinition, type DefinitionCondition, type DefinitionNames, type DefinitionVersion } from './definition/types';
export { validateDefinition } from './definition/validate-definition';
export { type Schema, type ValidationRule } from './schema/schema';
export { finalizerWarnings } from './value/finalizer-warnings';
export type { ScalePaths } from './value/scale';
