import type { SchedulerPlugin } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import type { PodInfo } from '../state/pod-info';
import type { Profile } from './profile';

/**
 * What all plug-ins of a profile see in a pod, as text: pods of one signature fit the same nodes and score the same there. Undefined for a
 * pod whose place says something about other nodes too, or if a plug-in does not tell (upstream's SignPod, KEP-5598).
 */
export function signPod(pod: PodInfo, state: ClusterState, profile: Profile): string | undefined {
  const parts: unknown[] = [];
  for (const plugin of askedPlugins(profile)) {
    const part = plugin.sign?.(pod, state);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return JSON.stringify(parts);
}

const known = new WeakMap<Profile, readonly SchedulerPlugin[]>();

/** Those that say where a pod goes. */
function askedPlugins(profile: Profile): readonly SchedulerPlugin[] {
  let plugins = known.get(profile);
  if (plugins === undefined) {
    plugins = [...new Set([...profile.filter, ...profile.score.map(({ plugin }) => plugin)])];
    known.set(profile, plugins);
  }
  return plugins;
}
