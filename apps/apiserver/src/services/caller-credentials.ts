import { dirname } from 'node:path';
import { type Kubeconfig, type KubeconfigUser, type Proofs, proofsOf, readKubeconfig } from './kubeconfig';

/** How this server shows itself to who is asked. `target` is a host and port, of a Service `name.namespace.svc:443`. */
export interface CallerCredentials {
  /** @throws for files that cannot be read */
  of(target: string): Promise<Proofs>;
}

/**
 * The credentials that a kubeconfig has for each of many servers: its users are named by them, as upstream's
 * `NewDefaultAuthenticationInfoResolver` reads them.
 */
export class KubeconfigCredentials implements CallerCredentials {
  private loading: Promise<Kubeconfig> | undefined;

  constructor(private readonly file: string) {}

  async of(target: string): Promise<Proofs> {
    this.loading ??= readKubeconfig(this.file).catch((error: unknown) => {
      this.loading = undefined;
      throw error;
    });
    return await proofsOf(userFor(target, await this.loading), dirname(this.file));
  }
}

/** The one of this name, of a `*.` name that covers it, the same without port 443, `*`, the current context's. Nobody else is anonymous. */
export function userFor(target: string, { users = [], contexts = [], 'current-context': current }: Kubeconfig): KubeconfigUser {
  const find = (name: string | undefined): KubeconfigUser | undefined => users.find((user) => user.name === name)?.user;
  for (const name of [...covering(target), ...(target.endsWith(':443') ? covering(target.slice(0, -':443'.length)) : []), '*']) {
    const found = find(name);
    if (found) return found;
  }
  return find(contexts.find(({ name }) => name === current)?.context.user) ?? {};
}

/** A name itself, then `*.` and what follows each of its dots. */
function covering(name: string): string[] {
  const steps = name.split('.');
  return [name, ...steps.slice(1).map((_, index) => `*.${steps.slice(index + 1).join('.')}`)];
}
