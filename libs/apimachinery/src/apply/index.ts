export { atomicPaths } from './atomic-paths';
export { checkConfig } from './check-config';
export { FieldSet } from './field-set';
export { fieldPathOf, fieldSetOf, ignoredFieldsOf, type IgnoredFields, type ResetFields } from './ignored-fields';
export { decodeManagedFields, encodeManagedFields, managedFieldsFault, type Manager, type Owners, type Ownership } from './managed-fields';
export { sameButManagedTimes, withoutManagedFields } from './object-managed-fields';
export { managedFieldsAfterScale, scaleManagedFields } from './scale-owners';
export { mergeTyped } from './merge-typed';
export { serverSideApply, trackedManagers, trackUpdate, type Applied, type ApplyRequest, type FieldWriter, type UpdateRequest } from './server-side-apply';
