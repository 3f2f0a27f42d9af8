import type { PluginConfigurations } from './plugin-configuration';

type Configuration = NonNullable<ReturnType<PluginConfigurations['get']>>;

/** Knows which configurations no plug-in has asked for: what somebody has written and nobody reads is to be told. */
export class FollowedConfigurations extends Map<string, Configuration> {
  readonly unread: Set<string>;

  constructor(configurations: PluginConfigurations) {
    super(configurations);
    this.unread = new Set(configurations.keys());
  }

  override get(plugin: string): Configuration | undefined {
    this.unread.delete(plugin);
    return super.get(plugin);
  }
}
