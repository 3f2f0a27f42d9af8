import { Layout } from '../cluster/layout';
import { manyNodesSpecs } from './many-nodes';

describe('many simulated nodes', () => {
  it('are one process of containers with a socket for each, and one of kubelets that waits for it', () => {
    const identity = { ca: 'ca', cert: 'cert', key: 'key' };
    const [runtime, kubelets] = manyNodesSpecs({ root: '/clone', layout: new Layout('two-nodes', '/data'), apiserver: '127.0.0.1:6444', identity, count: 2, prefix: 'sim-', healthzPort: 19_280 });
    const sockets = (runtime?.args ?? []).filter((arg) => arg.startsWith('--endpoint=')).map((arg) => arg.replace('--endpoint=', ''));
    const pattern = kubelets?.args.find((arg) => arg.startsWith('--container-runtime-endpoint='))?.replace('--container-runtime-endpoint=', '');
    expect(sockets).toEqual(['sim-1', 'sim-2'].map((name) => pattern?.replace('{node}', name)));
    expect(kubelets).toMatchObject({ after: runtime?.name, ports: [19_280], args: expect.arrayContaining(['/clone/apps/kubelet/dist/many-nodes/main.js', '--nodes=2', '--root-dir=/data/two-nodes/{node}']) as unknown });
  });
});
