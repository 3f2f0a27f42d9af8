import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root, type RunningCluster } from '../harness/cluster';

/** The operator of examples/operator, which runs beside the cluster, with kubectl as its user. */
export function customResources(cluster: RunningCluster): void {
  const example = (file: string): string => join(root, 'examples/operator', file);
  let operator: ChildProcess;
  const stopOperator = async (): Promise<void> => {
    if (operator.exitCode !== null || operator.signalCode !== null) return;
    operator.kill();
    await once(operator, 'exit');
  };

  beforeAll(async () => {
    operator = spawn(process.execPath, [example('operator.mjs')], { cwd: root, env: { ...process.env, ...cluster.env, WEBHOOK_HOST: cluster.hostAddress }, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    operator.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await cluster.until(() => (said.includes('is ready') ? Promise.resolve() : Promise.reject(new Error(`the operator says: ${said}`))));
  });
  afterAll(stopOperator);

  it('are installed, explained and found by their short name', async () => {
    await cluster.kubectl('wait --for=condition=Established crd/websites.example.com --timeout=180s');
    const explained = await cluster.kubectl('explain website.spec.image');
    expect(explained).toContain('What serves the pages.');
    expect(await cluster.kubectl('api-resources --api-group=example.com --no-headers')).toMatch(/websites\s+web\s+example.com\/v1\s+true\s+Website/);
  });

  it('are applied, shown in their columns, and become what their operator makes of them', async () => {
    await cluster.kubectl(`apply --server-side -f ${example('website.yaml')}`);
    await cluster.until(async () => expect(await cluster.kubectl('get web shop --no-headers')).toMatch(/shop\s+navarch.local\/web:1\s+2\s+2/));
    expect(await cluster.kubectl('get web')).toMatch(/NAME\s+IMAGE\s+REPLICAS\s+READY/);
    expect(await cluster.kubectl('get web --field-selector spec.image=navarch.local/web:1 -o name')).toBe('website.example.com/shop\n');
    expect(await cluster.kubectl('get all')).toContain('website.example.com/shop');
  });

  it('are scaled and patched', async () => {
    await cluster.kubectl('scale website shop --replicas=3');
    await cluster.until(async () => expect(await cluster.kubectl('get deployment shop -o jsonpath={.spec.replicas}')).toBe('3'));
    await cluster.kubectl(`patch website shop --type=merge -p '{"spec":{"replicas":1}}'`);
    await cluster.until(async () => expect(await cluster.kubectl('get web shop -o jsonpath={.status.replicas}')).toBe('1'));
  });

  it('are applied by the client, and applied again when they changed', async () => {
    const site = (replicas: number): { readonly input: string } => ({ input: JSON.stringify({ apiVersion: 'example.com/v1', kind: 'Website', metadata: { name: 'wiki' }, spec: { image: 'navarch.local/web:1', replicas } }) });
    expect(await cluster.kubectl('apply -f -', site(1))).toBe('website.example.com/wiki created\n');
    expect(await cluster.kubectl('apply -f -', site(2))).toBe('website.example.com/wiki configured\n');
    expect(await cluster.kubectl('get website wiki -o jsonpath={.spec.replicas}')).toBe('2');
    expect(await cluster.kubectl('diff -f -', site(2))).toBe('');
    await cluster.kubectl('delete website wiki --timeout=180s');
  });

  it('are refused by their schema, by a rule and by the webhook', async () => {
    expect((await cluster.tryKubectl(`patch website shop --type=merge -p '{"spec":{"replicas":-1}}'`)).stderr).toContain('spec.replicas in body should be greater than or equal to 0');
    expect((await cluster.tryKubectl(`patch website shop --type=merge -p '{"spec":{"replicas":0,"image":"other"}}'`)).stderr).toContain('a website may not shrink while its image changes');
    const copy = { apiVersion: 'example.com/v1', kind: 'Website', metadata: { name: 'copy' }, spec: { image: 'x', domains: ['shop.example.com'] } };
    expect((await cluster.tryKubectl('create -f -', { input: JSON.stringify(copy) })).stderr).toContain('shop.example.com belongs to another website');
    expect((await cluster.tryKubectl('create -f -', { input: JSON.stringify({ ...copy, spec: { image: 'x', domain: 'y' } }) })).stderr).toContain('unknown field "spec.domain"');
  });

  it('go, and take along what is theirs', async () => {
    await cluster.kubectl('delete website shop --timeout=180s');
    await cluster.until(async () => expect((await cluster.tryKubectl('get deployment shop')).stderr).toContain('not found'));
    await stopOperator();
    await cluster.kubectl('delete validatingwebhookconfiguration website-operator');
    await cluster.kubectl('delete crd websites.example.com --timeout=180s');
    expect((await cluster.tryKubectl('get websites')).stderr).toMatch(/doesn't have a resource type|could not find the requested resource/);
  });
}
