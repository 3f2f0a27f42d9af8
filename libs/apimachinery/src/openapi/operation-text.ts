import type { OperationPlan } from './operations';

/** Plurals have no article; words such as class are none. */
function article(noun: string): string {
  if (noun.endsWith('s') && !noun.endsWith('ss')) return '';
  return /^[aeiou]/i.test(noun) ? 'an ' : 'a ';
}

/**
 * What an operation does, in a few words: the same template for all kinds as in upstream's `pkg/endpoints/installer.go`. Of custom
 * resources upstream's own documents do not say that a list can be watched.
 */
export function operationText({ action, method }: Pick<OperationPlan, 'action' | 'method'>, kind: string, subresource: string, isWatched: boolean): string {
  const of = subresource === '' ? '' : `${subresource} of `;
  switch (action) {
    case 'get': return `read ${of}the specified ${kind}`;
    case 'list': return `list ${isWatched ? 'or watch ' : ''}${of}objects of kind ${kind}`;
    case 'put': return `replace ${of}the specified ${kind}`;
    case 'patch': return `partially update ${of}the specified ${kind}`;
    case 'post': return `create ${of}${article(kind)}${kind}`;
    case 'delete': return `delete ${of}${article(kind)}${kind}`;
    case 'deletecollection': return `delete collection of ${kind}`;
    case 'watchlist': return `watch individual changes to a list of ${of}${kind}. deprecated: use the 'watch' parameter with a list operation instead.`;
    case 'watch': return `watch changes to ${of}an object of kind ${kind}. deprecated: use the 'watch' parameter with a list operation instead, filtered to a single item with the 'fieldSelector' parameter.`;
    case 'connect': return `connect ${method.toUpperCase()} requests to ${of}${kind}`;
  }
}
