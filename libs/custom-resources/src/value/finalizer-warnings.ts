import { FieldPath, goQuote } from '@navarch/apimachinery';

/** Those that the API server itself knows. */
const STANDARD = new Set(['foregroundDeletion', 'kubernetes', 'orphan']);
const PATH = FieldPath.of('metadata').child('finalizers').toString();

/**
 * What the author of an object should know of the finalizers that a write adds: another controller may
 * have chosen the same short name. Mirrors `validateKubeFinalizerName` of apiextensions-apiserver.
 */
export function finalizerWarnings(finalizers: readonly string[] = [], before: readonly string[] = []): string[] {
  const added = [...new Set(finalizers)].filter((name) => !before.includes(name) && !STANDARD.has(name) && !name.includes('/'));
  return added.sort().map((name) => {
    const how = name.includes('.') ? ' including a path (/)' : '';
    return `${PATH}: ${goQuote(name)}: prefer a domain-qualified finalizer name${how} to avoid accidental conflicts with other finalizer writers`;
  });
}
