import type { OpenApiSubresource } from './openapi-input';
import type { Silent } from './operations';
import type { ParameterName } from './parameters';

const streams: readonly ParameterName[] = ['container', 'stderr', 'stdin', 'stdout', 'tty'];

/** What a connection's query may say, by the kind of its options. */
const optionParameters: Readonly<Record<string, readonly ParameterName[]>> = {
  PodAttachOptions: streams,
  PodExecOptions: ['command', ...streams],
  PodPortForwardOptions: ['ports'],
  NodeProxyOptions: ['proxyPath'],
  PodProxyOptions: ['proxyPath'],
  ServiceProxyOptions: ['proxyPath'],
};

const logParameters: readonly ParameterName[] = [
  'container', 'follow', 'insecureSkipTLSVerifyBackend', 'limitBytes', 'pretty', 'previous', 'sinceSeconds', 'stream', 'tailLines', 'timestamps',
];

const streaming = ['get', 'post'] as const;
const proxied = ['delete', 'get', 'head', 'options', 'patch', 'post', 'put'] as const;

/** Whether requests to a subresource go on to a node or pod. */
export const isConnection = ({ kind }: Pick<OpenApiSubresource, 'kind'>): boolean => kind in optionParameters;

/** What the path of a subresource takes; `below` what all paths of its object do. */
export function subresourceParameters({ name, kind }: OpenApiSubresource, below: readonly ParameterName[]): readonly ParameterName[] {
  if (name === 'log') return [...below.filter((each) => each !== 'pretty'), ...logParameters];
  const options = optionParameters[kind];
  return options ? [...below.filter((each) => each !== 'pretty'), ...options] : below;
}

/** The operations of a connection, named by method. */
export function connectOperations(shared: Pick<Silent, 'kind' | 'tag'>, subresource: OpenApiSubresource, nameOf: (method: string) => string): Silent[] {
  return (servesBelow(subresource) ? proxied : streaming).map((method) => ({
    ...shared, method, id: `connect${nameOf(method)}`, action: 'connect', parameters: [], body: undefined, answer: 'text', codes: ['200'],
  }));
}

/** Proxies serve all that is below their path, by all methods. */
export const servesBelow = ({ kind }: Pick<OpenApiSubresource, 'kind'>): boolean => kind.endsWith('ProxyOptions');
