import { requestInfo } from './request-info';

describe('requestInfo', () => {
  it.each([
    ['GET', '/api/v1/pods', false, { verb: 'list', resource: 'pods', namespace: '', name: '' }],
    ['GET', '/api/v1/pods', true, { verb: 'watch', resource: 'pods' }],
    ['GET', '/api/v1/watch/namespaces/a/pods/b', false, { verb: 'watch', resource: 'pods', namespace: 'a', name: 'b', isOldWatch: true }],
    ['GET', '/api/v1/namespaces', false, { verb: 'list', resource: 'namespaces', namespace: '' }],
    ['GET', '/api/v1/namespaces/a', false, { verb: 'get', resource: 'namespaces', namespace: 'a', name: 'a' }],
    ['PUT', '/api/v1/namespaces/a/finalize', false, { verb: 'update', resource: 'namespaces', namespace: 'a', name: 'a', subresource: 'finalize' }],
    ['POST', '/api/v1/namespaces/a/pods/b/eviction', false, { verb: 'create', resource: 'pods', name: 'b', subresource: 'eviction' }],
    ['PATCH', '/apis/apps/v1/namespaces/a/deployments/b', false, { verb: 'patch', group: 'apps', version: 'v1', resource: 'deployments' }],
    ['DELETE', '/apis/apps/v1/namespaces/a/deployments', false, { verb: 'deletecollection' }],
    ['GET', '/api/v1/nodes/n/proxy/logs/x%20y/', false, { resource: 'nodes', name: 'n', subresource: 'proxy', rest: '/logs/x y/' }],
    ['GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles/system:a%2Fb', false, { name: 'system:a/b' }],
  ])('reads %s %s', (method, path, watch, expected) => {
    expect(requestInfo(method, path, watch)).toMatchObject({ isResource: true, ...expected });
  });

  it.each(['/api/v1/watch', '/api/v1/watch/', '/apis/apps/v1/proxy'])('cannot tell what %s means', (path) => {
    expect(requestInfo('GET', path, false)).toMatchObject({ isUnclear: true });
  });

  it.each(['/', '/api', '/api/v1', '/apis', '/apis/apps', '/apis/apps/v1', '/healthz', '/version', '/openapi/v3/apis/apps/v1'])('takes %s for a path', (path) => {
    expect(requestInfo('GET', path, false)).toMatchObject({ isResource: false, verb: 'get', path });
  });
});
