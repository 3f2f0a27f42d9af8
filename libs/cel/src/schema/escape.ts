// Mirrors staging/src/k8s.io/apiserver/pkg/cel/escaping.go.

const RESERVED = new Set([
  'true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package', 'namespace', 'return', 'var',
  'void', 'while',
]);

const ESCAPES: Readonly<Record<string, string>> = { '__': '__underscores__', '.': '__dot__', '-': '__dash__', '/': '__slash__' };
const NAMES = new Map(Object.entries(ESCAPES).map(([text, name]) => [name, text]));

/** The name under which a rule may also ask for a property that is named like a reserved word: as it is. */
export const keywordField = (name: string): string | undefined => (RESERVED.has(name) ? `__${name}__` : undefined);

/** The name under which CEL sees a property; undefined when it cannot be one. */
export function escapeField(name: string): string | undefined {
  if (RESERVED.has(name)) return `__${name}__`;
  if (!/^[a-zA-Z_][a-zA-Z0-9_.\-/]*$/.test(name)) return undefined;
  return name.replace(/__|[.\-/]/g, (text) => ESCAPES[text] ?? text);
}

/** The property that an escaped name means. */
export function unescapeField(escaped: string): string {
  if (!escaped.includes('__')) return escaped;
  const keyword = /^__([a-z]+)__$/.exec(escaped)?.[1];
  if (keyword !== undefined && RESERVED.has(keyword)) return keyword;
  return escaped.replace(/__(?:underscores|dot|dash|slash)__/g, (name) => NAMES.get(name) ?? name);
}
