import { type Clock, systemClock } from '@navarch/clock';
import { commonFlags, ComponentGroup, createLogger, createRegistry, FeatureGates, flagTexts, HealthChecks, parseFlags, silentLogger, ZPages } from '@navarch/component-base';
import { type CertificateFiles, ClusterPki } from '@navarch/pki';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compose, type ComposedApiserver } from '../compose';
import { apiserverFlags, apiserverGates } from '../config';

export interface TestApiserverOptions {
  /** `http://host:port` of a running etcd. */
  readonly etcd: string;
  /** Further flags, such as `--nats-servers=…`. */
  readonly flags?: readonly string[];
  /** Certificates to use instead of fresh ones: for a second apiserver of the same cluster. */
  readonly pki?: ClusterPki;
  /** The machine's, unless given. */
  readonly clock?: Clock;
}

/** An apiserver in this process, on free ports, with certificates of its own. */
export interface TestApiserver extends AsyncDisposable {
  readonly pki: ClusterPki;
  readonly port: number;
  readonly grpcPort: number;
  readonly url: string;
  /** The administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly composed: ComposedApiserver;
  /** Who an identity is at TLS: PEM. */
  credentials(files: CertificateFiles): Promise<{ ca: Buffer; cert: Buffer; key: Buffer }>;
  stop(): Promise<void>;
}

/** Starts an apiserver for tests; resolves when it is ready. */
export async function startTestApiserver(options: TestApiserverOptions): Promise<TestApiserver> {
  const directory = await mkdtemp(join(tmpdir(), 'navarch-apiserver-'));
  const pki = options.pki ?? new ClusterPki({ directory: join(directory, 'pki') });
  if (!options.pki) await pki.ensure();
  const { files } = pki;
  const config = parseFlags(
    { ...apiserverFlags, 'feature-gates': commonFlags['feature-gates'] },
    [
      `--etcd-servers=${options.etcd}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=192.0.2.1',
      '--secure-port=0',
      '--grpc-port=0',
      `--tls-cert-file=${files.apiserver.cert}`,
      `--tls-private-key-file=${files.apiserver.key}`,
      `--client-ca-file=${files.ca.cert}`,
      `--service-account-key-file=${files.serviceAccountPublicKey}`,
      `--service-account-signing-key-file=${files.serviceAccountKey}`,
      `--kubelet-client-certificate=${files.apiserverKubeletClient.cert}`,
      `--kubelet-client-key=${files.apiserverKubeletClient.key}`,
      `--kubelet-certificate-authority=${files.ca.cert}`,
      `--requestheader-client-ca-file=${files.frontProxyClient.ca}`,
      '--requestheader-allowed-names=front-proxy-client',
      `--proxy-client-cert-file=${files.frontProxyClient.cert}`,
      `--proxy-client-key-file=${files.frontProxyClient.key}`,
      ...(options.flags ?? []),
    ],
    {},
  );
  const level = process.env['NAVARCH_TEST_LOG'];
  const log = level === undefined ? silentLogger : createLogger('kube-apiserver', { level: 'debug' });
  const { clock = systemClock } = options;
  const group = new ComponentGroup(log);
  const fail = (error: unknown): void => log.error({ err: error }, 'apiserver failed');
  const features = FeatureGates.parse(config.featureGates, apiserverGates);
  const zpages = new ZPages({ component: 'apiserver', startedMs: clock.now(), flags: flagTexts(apiserverFlags, config), features }, { clock });
  const composed = await compose(config, {
    log,
    metrics: createRegistry(),
    health: new HealthChecks(),
    zpages,
    features,
    clock,
    fail,
    threadArgv: ['--conditions=@navarch/source', '--require', 'tsx/cjs'],
  });
  const stop = async (): Promise<void> => {
    await group.stopAll();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    for (const component of composed.components) await group.start(component);
  } catch (error) {
    await stop();
    throw error;
  }
  const url = `https://127.0.0.1:${composed.https.port}`;
  const kubeconfig = join(directory, 'kubeconfig');
  await pki.writeKubeconfig(kubeconfig, { cluster: 'test', server: url });
  return {
    pki, composed, url, kubeconfig, stop, port: composed.https.port, grpcPort: composed.rpc.port,
    credentials: async ({ ca, cert, key }) => ({ ca: await readFile(ca), cert: await readFile(cert), key: await readFile(key) }),
    [Symbol.asyncDispose]: stop,
  };
}
