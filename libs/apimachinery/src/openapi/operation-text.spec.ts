import { operationText } from './operation-text';

it.each([
  ['get', 'get', 'Pod', '', 'read the specified Pod'],
  ['get', 'get', 'Pod', 'log', 'read log of the specified Pod'],
  ['list', 'get', 'Pod', '', 'list or watch objects of kind Pod'],
  ['put', 'put', 'Deployment', 'scale', 'replace scale of the specified Deployment'],
  ['patch', 'patch', 'Deployment', 'status', 'partially update status of the specified Deployment'],
  ['post', 'post', 'Event', '', 'create an Event'],
  ['post', 'post', 'Pod', 'eviction', 'create eviction of a Pod'],
  ['post', 'post', 'Endpoints', '', 'create Endpoints'],
  ['delete', 'delete', 'Ingress', '', 'delete an Ingress'],
  ['deletecollection', 'delete', 'StorageClass', '', 'delete collection of StorageClass'],
  ['watchlist', 'get', 'Pod', '', "watch individual changes to a list of Pod. deprecated: use the 'watch' parameter with a list operation instead."],
  ['watch', 'get', 'Node', '', "watch changes to an object of kind Node. deprecated: use the 'watch' parameter with a list operation instead, filtered to a single item with the 'fieldSelector' parameter."],
  ['connect', 'post', 'Pod', 'exec', 'connect POST requests to exec of Pod'],
] as const)('tells of %s by %s of %s %s', (action, method, kind, subresource, text) => {
  expect(operationText({ action, method }, kind, subresource, true)).toBe(text);
});

it('does not speak of watching what cannot be watched', () => {
  expect(operationText({ action: 'list', method: 'get' }, 'ComponentStatus', '', false)).toBe('list objects of kind ComponentStatus');
});
