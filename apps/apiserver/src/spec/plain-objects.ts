/** What many tests write: an object without a spec, and one with a spec and a status. */
export const maps = '/api/v1/namespaces/default/configmaps';
export const deployments = '/apis/apps/v1/namespaces/default/deployments';

export const configMap = (name: string, data: Record<string, string> = {}) => ({ metadata: { name }, data });

export const deployment = (name: string, image = 'nginx:1') => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name },
  spec: { replicas: 2, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image }] } } },
});
