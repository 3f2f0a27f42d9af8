import { healthzServing, type Config, type healthzFlags, type HealthServerOptions } from '@navarch/component-base';

const withPort = /^(?:\[(?<bracketed>[^\]]*)\]|(?<plain>[^:]*)):(?<port>\d+)$/;

/** Where health is served: kube-proxy's `--healthz-bind-address` may have a port, which wins over `--healthz-port`; no address, or port 0, serves nothing. */
export function healthServing(config: Config<ReturnType<typeof healthzFlags>>): HealthServerOptions | undefined {
  const { bracketed, plain, port } = withPort.exec(config.healthzBindAddress)?.groups ?? {};
  const address = bracketed ?? plain ?? config.healthzBindAddress;
  return address === '' ? undefined : healthzServing({ ...config, healthzBindAddress: address, healthzPort: port === undefined ? config.healthzPort : Number(port) });
}
