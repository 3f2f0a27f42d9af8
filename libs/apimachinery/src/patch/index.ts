export { applyJsonPatch } from './json-patch';
export { PatchTestFailed } from './patch-error';
export { applyMergePatch } from './merge-patch';
export { applyStrategicMergePatch } from './strategic-merge-patch';
