import { isBindingRefusal } from './binding-refusal';

/** A plug-in failed, and where. */
export class PluginFailure extends Error {
  override readonly name = 'PluginFailure';

  constructor(readonly point: string, plugin: string, cause: unknown) {
    super(`running ${point} plugin "${plugin}": ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** What the plug-in says; when that fails, its name is told. */
export function fromPlugin<T>(point: string, plugin: string, ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    throw new PluginFailure(point, plugin, error);
  }
}

/** What the plug-in does; when that fails, its name is told. A refusal is no failure. */
export async function asPlugin(point: string, plugin: string, work: () => Promise<void> | undefined): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw isBindingRefusal(error) ? error : new PluginFailure(point, plugin, error);
  }
}
