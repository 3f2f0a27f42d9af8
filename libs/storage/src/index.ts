export type * from './types';
export type * from './cache-types';
export { StoreError, isStoreError, type StoreErrorCode } from './store-error';
export { collectionVersion, parseResourceVersion, resourceVersionOf, revisionOf } from './resource-version';
