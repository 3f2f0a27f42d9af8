import type { Config, HealthServerOptions } from '@navarch/component-base';
import type { proxyFlags } from './config';

const withPort = /^(?:\[(?<bracketed>[^\]]*)\]|(?<plain>[^:]*)):(?<port>\d+)$/;

type ServingConfig = Pick<Config<typeof proxyFlags>, 'healthzBindAddress' | 'healthzPort' | 'metricsBindAddress'>;

/** kube-proxy's port for metrics, for an address that names none (pkg/cluster/ports). */
const statusPort = 10_249;

/** Where health and metrics are served: kube-proxy's addresses may have ports; that of `--healthz-bind-address` wins over `--healthz-port`. No address, or port 0, serves nothing. */
export function healthServing({ healthzBindAddress, healthzPort, metricsBindAddress }: ServingConfig): HealthServerOptions[] {
  return [...place(healthzBindAddress, healthzPort), ...place(metricsBindAddress, statusPort)];
}

function place(told: string, usualPort: number): HealthServerOptions[] {
  const { bracketed, plain, port } = withPort.exec(told)?.groups ?? {};
  const serving = { host: bracketed ?? plain ?? told, port: port === undefined ? usualPort : Number(port) };
  return serving.host === '' || serving.port === 0 ? [] : [serving];
}
