import { BareEtcd, bareEtcdDir } from '../reference/bare-etcd';
import { generatedPod, noScheduler, numberedPod } from '../load/pod-template';
import { runH2load } from '../load/h2load';
import { findTool } from '../load/load-tool';
import { sequenceMark } from '../load/request-template';
import type { Figure } from '../report/figure';
import { upstreamFigures } from '../report/upstream-figures';
import { byTool, toolToken } from './by-tool';
import { requestFigure } from './request-figure';
import type { BenchContext, Scenario } from './scenario';

const namespace = 'bench-creates';

/** How many pods a second many clients can create; beside it, single puts of the same size into an etcd. */
export const creates: Scenario = {
  name: 'creates',
  what: 'creates of pods',
  run: async (context) => {
    const { api, user, sizes: { creates: { clients, count, warmUp } } } = context;
    await api.namespace(namespace);
    const measured = await context.measure('creates', {
      target: user, connections: clients, expectStatus: 201, first: 0, warmUp, count,
      request: { method: 'POST', path: `/api/v1/namespaces/${namespace}/pods`, headers: { 'Content-Type': 'application/json' }, body: numberedPod(noScheduler) },
    });
    const bytes = Math.round(measured.result.bytes / count);
    const compared = { reference: { what: 'single puts into a bare etcd', value: await etcdPuts(context, bytes) }, upstream: upstreamFigures.creates };
    const figure = { ...requestFigure('creates', `create pods, ${clients} clients, JSON over TLS`, measured), ...compared };
    return [figure, ...(await byH2load(context)).map((other) => ({ ...other, ...compared }))];
  },
};

/** Over HTTP/2, as client-go's own; names are the server's, as every body is the same. */
async function byH2load(context: BenchContext): Promise<Figure[]> {
  const { cluster, signal, sizes: { creates: { clients, toolSeconds: seconds } } } = context;
  const program = findTool('h2load');
  if (program === undefined) return [];
  const token = await toolToken(context, namespace, 'edit');
  const url = `https://127.0.0.1:${cluster.port('apiserver')}/api/v1/namespaces/${namespace}/pods`;
  return [await byTool(context, 'creates', `create pods, ${clients} clients (h2load, with a token)`, () => runH2load(program, { url, clients, seconds, token, body: generatedPod }, signal))];
}

async function etcdPuts(context: BenchContext, bytes: number): Promise<number> {
  const { clients, count, warmUp } = context.sizes.creates;
  const etcd = await BareEtcd.start(bareEtcdDir(context.root, context.cluster.name), context.cluster.pki, context.signal);
  try {
    // base64 of a key whose last characters count: four digits' place holds any seven characters of that alphabet.
    const key = `${Buffer.from('/bench/pods/').toString('base64')}${sequenceMark}A`;
    const value = Buffer.alloc(bytes, 'x').toString('base64');
    const { result } = await context.measureReference({
      target: etcd.target, connections: clients, expectStatus: 200, first: 0, warmUp, count,
      request: { method: 'POST', path: '/v3/kv/put', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ key, value }) },
    }, etcd.pid);
    return result.requests / result.seconds;
  } finally {
    await etcd.stop();
  }
}
