/** Several texts as one, as upstream prints an aggregate of errors: each once, in brackets if there is more than one. */
export function aggregateText(texts: Iterable<string>): string {
  const all = [...new Set(texts)];
  return all.length === 1 ? (all[0] ?? '') : `[${all.join(', ')}]`;
}
