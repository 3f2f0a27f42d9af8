import type { RunningCluster } from '../harness/cluster';
import type { Kubectl } from '../harness/kubectls';
import { administering } from '../kubectl/administering';
import { changing } from '../kubectl/changing';
import { clientSide, sinceMinor, untested } from '../kubectl/client-side';
import { commandNames } from '../kubectl/command-names';
import { logsInByCertificate, logsInByToken, pluginVersions } from '../kubectl/credential-plugin';
import { looking } from '../kubectl/looking';
import { making } from '../kubectl/making';
import { type CommandChecks, KubectlSession, prepare } from '../kubectl/session';

const checks: CommandChecks = { ...making, ...changing, ...looking, ...administering, ...clientSide };

/** Commands that all sessions give to the same nodes, and which would meet there. */
const oneAtATime = new Set(['cordon', 'uncordon', 'drain', 'taint']);

/** Every command of some kubectls, each in a namespace of its own, against a cluster that is up. */
export function kubectlCommands(cluster: RunningCluster, kubectls: () => Promise<readonly Kubectl[]>): void {
  const sessions: { readonly session: KubectlSession; readonly commands: ReadonlySet<string> }[] = [];

  beforeAll(async () => {
    for (const kubectl of await kubectls()) {
      const session = new KubectlSession(cluster, kubectl);
      sessions.push({ session, commands: new Set(await commandNames(kubectl)) });
      await prepare(session);
    }
  });

  it('has no command without a test or a reason for having none', () => {
    const missing = sessions.flatMap(({ session, commands }) => [...commands].filter((name) => !(name in checks) && !(name in untested)).map((name) => `${session.kubectl.version}: ${name}`));
    expect(missing).toEqual([]);
    expect(sessions.map(({ commands }) => commands.size).every((count) => count > 60)).toBe(true);
  });

  const act = async ({ session }: (typeof sessions)[number], check: (session: KubectlSession) => Promise<void>): Promise<void> => {
    try {
      await check(session);
    } catch (error) {
      throw new Error(`kubectl ${session.kubectl.version}: ${String(error)}`, { cause: error });
    }
  };

  it.each(Object.entries(checks))('%s', async (name, check) => {
    const able = sessions.filter(({ session, commands }) => commands.has(name) && session.minor >= (sinceMinor[name] ?? 0));
    // Only where every kubectl is too old for it is there nothing to see.
    if (sessions.some(({ session }) => session.minor >= (sinceMinor[name] ?? 0) && session.minor > 28)) expect(able).not.toEqual([]);
    if (oneAtATime.has(name)) for (const one of able) await act(one, check);
    else await Promise.all(able.map((one) => act(one, check)));
  });

  it.each(Object.entries(pluginVersions))('logs in with what a credential plug-in gives: client.authentication.k8s.io/%s', async (version, minor) => {
    const able = sessions.filter(({ session }) => session.minor >= minor);
    expect(able).not.toEqual([]);
    await Promise.all(able.map((one) => act(one, async (session) => {
      await logsInByToken(session, version);
      await logsInByCertificate(session, version);
    })));
  });

  it('is the oldest one promised, among others', () => {
    expect(sessions.map(({ session }): Kubectl['version'] => session.kubectl.version)).toContain('1.20');
  });
}
