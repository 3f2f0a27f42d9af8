import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAccount, createOperator, createUser, encodeAccount, encodeOperator, encodeUser, type User } from '@nats-io/jwt';
import { freePort } from './free-port';
import { LaunchedProcess, withFreshPorts } from './launched-process';
import { makeTempDir } from './temp-dir';

/** A real nats-server on a free port. */
export interface TestNats extends AsyncDisposable {
  /** `nats://127.0.0.1:port`. */
  readonly url: string;
  readonly port: number;
  readonly process: LaunchedProcess;
  /** Starts it again on the same port, after `process.stop`. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** One that knows its users by JWT, as the product's does. */
export interface TestOperatorNats extends TestNats {
  /** Signs user JWTs: what the apiserver holds. */
  readonly accountSeed: string;
  readonly accountPublicKey: string;
  /** A user's JWT and seed; without rights given it may do everything. */
  mintUser(name: string, rights?: { readonly publish?: readonly string[]; readonly subscribe?: readonly string[]; readonly expiresAt?: number }): Promise<{ jwt: string; seed: string }>;
}

/** Starts nats-server. `config` yields the text of a configuration file for a port; without it anybody may do anything. */
export async function startNats(config?: (port: number) => string): Promise<TestNats> {
  const directory = await makeTempDir();
  return withFreshPorts(async () => {
    const port = await freePort();
    const file = join(directory.path, 'nats.conf');
    await writeFile(file, config?.(port) ?? `host: "127.0.0.1"\nport: ${port}\n`);
    const nats = new LaunchedProcess('nats-server', ['--config', file]);
    const stop = async (): Promise<void> => {
      await nats.stop();
      await directory.remove();
    };
    await nats.start(port);
    return { url: `nats://127.0.0.1:${port}`, port, process: nats, restart: () => nats.start(port), stop, [Symbol.asyncDispose]: stop };
  });
}

/** Starts nats-server in operator mode with a system account and one account. */
export async function startOperatorNats(tls?: { readonly certFile: string; readonly keyFile: string }): Promise<TestOperatorNats> {
  const [operator, system, account] = [createOperator(), createAccount(), createAccount()];
  const operatorJwt = await encodeOperator('test', operator, { system_account: system.getPublicKey() });
  const limits = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const systemJwt = await encodeAccount('SYS', system, { limits }, { signer: operator });
  const accountJwt = await encodeAccount('test', account, { limits }, { signer: operator });
  const nats = await startNats((port) =>
    [
      'host: "127.0.0.1"',
      `port: ${port}`,
      ...(tls ? [`tls { cert_file: "${tls.certFile}", key_file: "${tls.keyFile}" }`] : []),
      'max_control_line: 1048576',
      `operator: ${operatorJwt}`,
      `system_account: ${system.getPublicKey()}`,
      'resolver: MEMORY',
      `resolver_preload { ${system.getPublicKey()}: ${systemJwt}, ${account.getPublicKey()}: ${accountJwt} }`,
    ].join('\n'),
  );
  const list = (subjects: readonly string[] | undefined) => (subjects ? { allow: [...subjects], deny: subjects.length === 0 ? ['>'] : [] } : { allow: [], deny: [] });
  return {
    ...nats,
    accountSeed: Buffer.from(account.getSeed()).toString(),
    accountPublicKey: account.getPublicKey(),
    mintUser: async (name, rights = {}) => {
      const user = createUser();
      const claims: Partial<User> = { pub: list(rights.publish), sub: list(rights.subscribe), subs: -1, data: -1, payload: -1 };
      const jwt = await encodeUser(name, user, account, claims, rights.expiresAt === undefined ? {} : { exp: Math.floor(rights.expiresAt / 1000) });
      return { jwt, seed: Buffer.from(user.getSeed()).toString() };
    },
  };
}
