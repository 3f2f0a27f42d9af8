import { pluginsOf, type Profile, type SchedulerPlugin } from '@navarch/scheduling';
import type { ExternalPlugin } from './external/external-plugin';

/** A profile with its parts in other processes. */
export interface SchedulerProfile {
  readonly profile: Profile;
  readonly externals: readonly ExternalPlugin[];
}

const none: ReadonlyMap<string, SchedulerPlugin> = new Map();

/** For the queue: what can help a pod that one in another process refused. It says so once it has been asked. */
const asPlugin = (external: ExternalPlugin): SchedulerPlugin => ({
  name: external.name,
  get hints() {
    return external.hints;
  },
}) as SchedulerPlugin;

/** The profiles of a scheduler, by the name that pods give in `spec.schedulerName`. */
export class Profiles {
  readonly #byName: ReadonlyMap<string, SchedulerProfile>;
  readonly #plugins: ReadonlyMap<string, ReadonlyMap<string, SchedulerPlugin>>;

  constructor(readonly all: readonly SchedulerProfile[]) {
    this.#byName = new Map(all.map((entry) => [entry.profile.schedulerName, entry]));
    this.#plugins = new Map(all.map(({ profile, externals }) => [profile.schedulerName, new Map([...pluginsOf(profile), ...externals.map(asPlugin)].map((plugin) => [plugin.name, plugin]))]));
  }

  get(schedulerName: string | undefined): SchedulerProfile | undefined {
    return this.#byName.get(schedulerName ?? 'default-scheduler');
  }

  pluginsOf(schedulerName: string | undefined): ReadonlyMap<string, SchedulerPlugin> {
    return this.#plugins.get(schedulerName ?? 'default-scheduler') ?? none;
  }
}
