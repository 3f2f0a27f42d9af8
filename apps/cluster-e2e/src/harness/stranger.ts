import { type ClientRequest, request as plainRequest } from 'node:http';
import { request } from 'node:https';

/** What whoever asks is told: that, and how, a process is well, and which version it is. */
const forAll = /^\/(healthz|livez|readyz|version)$/;
/** What is behind the doors of a cluster: objects, what a node runs and has, measurements, keys of etcd, connections of NATS. */
const tried = [
  '/healthz',
  '/version',
  '/api/v1/secrets',
  '/api/v1/pods',
  '/pods',
  '/configz',
  '/stats/summary',
  '/metrics',
  '/debug/pprof/',
  '/exec/default/web/web?command=id',
  '/v2/keys',
  '/connz',
  '/apis/metrics.k8s.io/v1beta1/pods',
];
const withinMs = 3_000;

/** The code with which somebody without any credentials is answered; undefined when there is no conversation at all. */
function codeFor(host: string, port: number, path: string, secure: boolean): Promise<number | undefined> {
  return new Promise((resolve) => {
    const options = { host, port, path, agent: false, timeout: withinMs };
    const call: ClientRequest = secure ? request({ ...options, rejectUnauthorized: false }) : plainRequest(options);
    call.on('timeout', () => call.destroy());
    // Refused, cut off, an alert of TLS, another protocol: all the same to who wants to know something.
    call.on('error', () => resolve(undefined));
    call.on('close', () => resolve(undefined));
    call.on('response', (answer) => {
      answer.destroy();
      resolve(answer.statusCode ?? 0);
    });
    call.end();
  });
}

/** What a stranger gets to see of a port beside health and version, such as `https /metrics: 200`. */
export async function seenByStranger(host: string, port: number): Promise<string[]> {
  const asked = [true, false].flatMap((secure) => tried.map((path) => ({ secure, path })));
  const answers = await Promise.all(asked.map(async ({ secure, path }) => ({ secure, path, code: await codeFor(host, port, path, secure) })));
  return answers.filter(({ path, code }) => code !== undefined && code < 400 && !forAll.test(path)).map(({ secure, path, code }) => `${secure ? 'https' : 'http'} ${path}: ${code ?? ''}`);
}
