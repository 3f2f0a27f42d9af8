/** The Kubernetes API as data, types and semantics: see `data/` for the tables and `tools/generate-api-*.mjs` for what is made of them. */
export type * from './gen';
export * from './gen/resources';
export { validateNamedRule } from './admissionregistration/rule';
export { caBundleProblem } from './apiextensions/ca-bundle';
export { type PlacedPart, type VersionPart, versionParts } from './apiextensions/version-parts';
export * from './bootstrap';
export * from './columns';
export { isPodLevelResource } from './core/pod/pod-level-resources';
export { secretNamesOfPod } from './core/pod/secret-names';
export { cronScheduleError } from './batch/cron-schedule';
export { defaultsFor, type Defaulter } from './defaulting';
export * from './quota';
export * from './strategy';
export * from './tables';
export * from './validation';
export * from './volumes';
export type { KubeObject } from './kube-object';
export { apiVersionOf, type ResourceType } from './resource-type';
