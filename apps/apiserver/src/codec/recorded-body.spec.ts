import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBody } from './decode-body';

describe('recorded request bodies', () => {
  it('reads the protobuf Deployment that kubectl 1.33 creates', () => {
    const body = readFileSync(join(__dirname, '../../fixtures/kubectl-1.33-create-deployment.bin'));
    const object = decodeBody(body, 'protobuf', { group: 'apps', version: 'v1', kind: 'Deployment' }, { fieldValidation: 'Strict', warn: () => undefined });
    expect(object).toMatchObject({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'navarch.local/web:1' }] } },
      },
    });
  });
});
