import type { Kubectl } from '../harness/kubectls';
import { must } from '../harness/shell';

/** Commands whose subcommands are worth a test each. */
const GROUPS = ['create', 'create secret', 'create service', 'set', 'rollout', 'certificate', 'cluster-info', 'top', 'auth', 'apply'];

/** Names in the parts of a help text that list commands. */
function listed(help: string): string[] {
  const names: string[] = [];
  let inList = false;
  for (const line of help.split('\n')) {
    if (/^\S.*commands.*:$/i.test(line)) inList = !line.includes('plugins');
    else if (/^\S/.test(line)) inList = false;
    else if (inList) {
      const name = /^ {2}([a-z][a-z-]*) {2,}/.exec(line)?.[1];
      if (name !== undefined) names.push(name);
    }
  }
  return names;
}

/** Every command that this kubectl says it has: `get`, `create secret tls`. */
export async function commandNames({ path }: Kubectl): Promise<string[]> {
  const names = listed(await must(path, ['--help']));
  for (const group of GROUPS) {
    const words = group.split(' ');
    if (!names.includes(group)) continue;
    const below = listed(await must(path, [...words, '--help'])).map((name) => `${group} ${name}`);
    names.push(...below);
  }
  return names;
}
