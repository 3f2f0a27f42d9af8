/** The machinery of the Kubernetes API that knows no kind: errors, quantities, selectors, JSON, patches, protobuf, OpenAPI. Pure. */
export * from './apply';
export * from './errors';
export * from './json';
export { generateName, randomSuffix, safeEncode, type RandomSource } from './names/generate-name';
export { formatGroupVersion, formatGroupVersionKind, parseGroupVersion, type GroupVersion, type GroupVersionKind } from './names/group-version';
export { formatNamespacedName, keyOf, parseNamespacedName, type NamespacedName } from './names/namespaced-name';
export { parseResourceVersion } from './names/resource-version';
export * from './patch';
export * from './protobuf';
export * from './quantity';
export { percentOf, scaledIntOrPercent, type IntOrString } from './quantity/int-or-string';
export * from './schema';
export * from './selectors';
export { compareStrings } from './text/compare-strings';
export { goQuote, isPrintable } from './text/go-quote';
export { formatMicroTime, formatTime, parseTime } from './text/time';
export { utf8Length } from './text/utf8-length';
export * from './validation';
