/** What a URL and method ask for, as upstream's request info reads them. */
export interface RequestInfo {
  readonly isResource: boolean;
  /** Without the query. */
  readonly path: string;
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** What follows the subresource: the path of a proxy request. */
  readonly rest: string;
  /** A watch asked for by its path (`/watch/`), which says nothing of what it selects to those who authorise it. */
  readonly isOldWatch?: true | undefined;
  /** The path ends with the verb that it has: nobody can tell what is meant. */
  readonly isUnclear?: true;
}

/** Verbs that a path can begin with. That of old proxies serves nothing any more. */
const SPECIAL_VERBS = new Set(['watch', 'proxy']);
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

function nonResource(path: string, method: string): RequestInfo {
  return { isResource: false, path, verb: method.toLowerCase(), group: '', version: '', namespace: '', resource: '', subresource: '', name: '', rest: '' };
}

function verbFor(method: string, name: string, watch: boolean, watchPrefix: boolean): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      // A watch of one object is asked for as a list with a field selector, or by the old path.
      if (watchPrefix || (watch && name === '')) return 'watch';
      return name === '' ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === '' ? 'deletecollection' : 'delete';
    default:
      return '';
  }
}

function segments(path: string): string[] {
  const found: string[] = [];
  for (let start = 0; start < path.length;) {
    const slash = path.indexOf('/', start);
    const end = slash < 0 ? path.length : slash;
    const part = path.slice(start, end);
    if (part !== '') found.push(part.includes('%') ? decodeURIComponent(part) : part);
    start = end + 1;
  }
  return found;
}

/**
 * Reads a request line. Throws `URIError` on a broken escape. `watch` is the query parameter; a name in a field selector
 * (`metadata.name=x`) is the caller's to add.
 */
export function requestInfo(method: string, path: string, watch: boolean): RequestInfo {
  const core = path.startsWith('/api/');
  if (!core && !path.startsWith('/apis/')) return nonResource(path, method);
  const parts = segments(path);
  let at = core ? 2 : 3;
  if (parts.length <= at) return nonResource(path, method);
  const group = core ? '' : (parts[1] ?? '');
  const version = (core ? parts[1] : parts[2]) ?? '';
  if (parts.length === at + 1 && SPECIAL_VERBS.has(parts[at] ?? '')) return { ...nonResource(path, method), isUnclear: true };
  const watchPrefix = parts[at] === 'watch';
  if (watchPrefix) at++;
  let namespace = '';
  if (parts[at] === 'namespaces' && parts.length > at + 1) {
    namespace = parts[at + 1] ?? '';
    const next = parts[at + 2];
    // `/namespaces/x` and `/namespaces/x/status` are the Namespace itself; all else lies within it.
    if (next !== undefined && !NAMESPACE_SUBRESOURCES.has(next)) at += 2;
  }
  const resource = parts[at] ?? '';
  const name = parts[at + 1] ?? '';
  const subresource = parts[at + 2] ?? '';
  const rest = parts.length > at + 3 ? `/${parts.slice(at + 3).join('/')}${path.endsWith('/') ? '/' : ''}` : path.endsWith('/') ? '/' : '';
  return { isResource: true, path, isOldWatch: watchPrefix ? true : undefined, verb: verbFor(method, name, watch, watchPrefix), group, version, namespace, resource, subresource, name, rest };
}
